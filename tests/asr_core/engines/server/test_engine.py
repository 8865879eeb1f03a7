"""The server engine against servers made by hand, over real sockets of this computer."""

from __future__ import annotations

import datetime
import io
import socket
import ssl
import threading
import wave
from contextlib import contextmanager

import equal_parts
import numpy as np
import pytest
from hand_server import fields_of, hand_server, openai, vllm

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines import load_engine, searches
from asr_core.engines.server import client, engine
from asr_core.errors import AsrError
from asr_core.settings import Settings


@pytest.fixture(autouse=True)
def light(monkeypatch):
    """Words are timed in equal parts, and no second try waits long."""

    monkeypatch.setattr(engine, "bundled_alignment", lambda settings: equal_parts.align)
    monkeypatch.setattr(client, "PAUSES_S", (0.01, 0.01))
    monkeypatch.delenv(client.TOKEN, raising=False)


@pytest.fixture(scope="module")
def window():
    """Two seconds of sound, 10 s into a recording."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE)
    return Window(10.0, noise.astype(np.float32), ((10.0, 12.0),))


def settings_for(address, token="", **others):
    return Settings(servers=(f"{address} {token}".strip(),), engine=address, **others)


def read(address, window, **others):
    """What the engine makes of a window, drafts left out."""
    settings = settings_for(address, **others)
    found = [*load_engine(settings).recognize([window], settings)]
    assert found[-1].end == window.end
    return found[-1].segments


def test_vllm_s_stream_is_read_and_the_language_in_front_of_the_text_is_not_text(window):
    pieces = ["lang", "uage Chi", "nese<asr", "_text>", "你好", "，世界。"]
    with hand_server(lambda request: request.events(*vllm(*pieces))) as server:
        (segment,) = read(server.address, window)
    assert (segment.text, segment.language) == ("你好，世界。", "zh")
    assert (segment.start, segment.end) == (10.0, 12.0)
    assert segment.words[0].text == "你"


def test_openai_s_stream_is_read_too(window):
    with hand_server(lambda request: request.events(*openai("Language is ", "a gift."))) as server:
        (segment,) = read(server.address, window)
    assert (segment.text, segment.language) == ("Language is a gift.", "en")
    assert [word.text for word in segment.words] == ["Language", "is", "a", "gift."]


def test_an_answer_that_is_not_streamed_is_read_too(window):
    with hand_server(lambda request: request.json({"text": "All at once."})) as server:
        assert [s.text for s in read(server.address, window)] == ["All at once."]


def test_silence_is_no_text(window):
    with hand_server(lambda request: request.events(*vllm("language None<asr_text>"))) as server:
        assert read(server.address, window) == ()


def test_pieces_of_a_recording_keep_the_space_between_them(window):
    said = iter(["language English<asr_text>One two.", "language English<asr_text>Three."])
    later = Window(13.0, window.waveform, ((13.0, 15.0),))
    with hand_server(lambda request: request.events(*vllm(next(said)))) as server:
        settings = settings_for(server.address)
        loaded = load_engine(settings)
        found = [*loaded.recognize([window, later], settings)]
    texts = [segment.text for recognized in found for segment in recognized.segments]
    assert texts == ["One two.", "Three."]


def test_an_open_window_gives_a_draft_and_nothing_else(window):
    growing = Window(10.0, window.waveform, window.spans, is_open=True)
    said = vllm("language English<asr_", "text>One", " two")
    with hand_server(lambda request: request.events(*said)) as server:
        settings = settings_for(server.address)
        found = [*load_engine(settings).recognize([growing, window], settings)]
    assert (found[0].draft, found[0].segments) == ("One two", ())
    assert [segment.text for segment in found[-1].segments] == ["One two"]


def test_a_model_that_goes_round_in_circles_is_asked_for_halves():
    noise = 0.1 * np.random.default_rng(0).standard_normal(10 * SAMPLE_RATE)
    long = Window(0.0, noise.astype(np.float32), ((0.0, 10.0),))
    answers = iter(["no " * 40, "one", "two", "three"])
    with hand_server(lambda request: request.json({"text": next(answers)})) as server:
        said = [segment.text for segment in read(server.address, long)]
    assert "one" in " ".join(said)
    assert "no" not in " ".join(said)


def test_what_is_asked_is_what_vllm_documents_and_names_nothing(window):
    with hand_server(lambda request: request.json({"text": "x"}), model="Qwen/Q") as server:
        read(server.address, window, token="s3cret", language="zh", vocabulary=("Ada <asr_text>",))
    (listing, _, _), (path, headers, body) = server.seen
    fields = fields_of(body)
    assert (listing, path) == ("/v1/models", "/v1/audio/transcriptions")
    assert headers["Authorization"] == "Bearer s3cret"
    assert fields["model"] == b"Qwen/Q"
    assert (fields["language"], fields["stream"], fields["prompt"]) == (b"zh", b"true", b"Ada")
    assert b'filename="sound.wav"' in body
    with wave.open(io.BytesIO(fields["file"])) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (SAMPLE_RATE, 2 * SAMPLE_RATE)


def test_what_only_echoes_the_terms_is_asked_again_without_them(window):
    def answer(request):
        told = b'name="prompt"' in request.server.seen[-1][2]
        request.json({"text": "Ada Lovelace" if told else "hello there"})

    with hand_server(answer) as server:
        found = read(server.address, window, vocabulary=("Ada Lovelace",))
    assert [segment.text for segment in found] == ["hello there"]


def test_the_token_of_the_environment_is_taken_where_the_list_has_none(window, monkeypatch):
    monkeypatch.setenv(client.TOKEN, "of-the-environment")
    with hand_server(lambda request: request.json({"text": "x"})) as server:
        read(server.address, window)
    assert server.seen[-1][1]["Authorization"] == "Bearer of-the-environment"


def failing_once(fail, then):
    """Answers the first request with `fail`, the others with `then`."""
    failed = []

    def answer(request):
        if failed:
            then(request)
        else:
            failed.append(True)
            fail(request)

    return answer


GOOD = {"text": "Well."}


@pytest.mark.parametrize(
    "fail",
    [
        lambda request: request.events(*vllm("language English<asr_text>We")[:1], cut=True),
        lambda request: request.events(*vllm("language English<asr_text>We")[:1]),
        lambda request: request.connection.shutdown(socket.SHUT_RDWR),
        lambda request: request.json({"error": {"message": "wait"}}, 503),
        lambda request: request.json({"error": {"message": "wait"}}, 429),
    ],
    ids=["cut", "ends without an end", "hangs up", "not well", "busy"],
)
def test_what_may_be_better_in_a_moment_is_asked_again(window, fail):
    with hand_server(failing_once(fail, lambda request: request.json(GOOD))) as server:
        assert [segment.text for segment in read(server.address, window)] == ["Well."]
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("answer", "sentence", "n_asked"),
    [
        (lambda r: r.events(*vllm("x")[:1], cut=True), "The line to {} broke", 3),
        (lambda r: r.json({}, 500), "{} is too busy or not well (status 500)", 3),
        (lambda r: r.json({}, 401), "{} does not take the token", 1),
        (lambda r: r.json({"detail": "Not Found"}, 404), "{} refuses this: “status 404”", 1),
        (
            lambda r: r.json({"error": {"message": "too\nlong", "code": 400}}, 400),
            "{} refuses this: “too long”.",
            1,
        ),
        (
            lambda r: r.events({"error": {"message": "bad sound", "code": 400}}, "[DONE]"),
            "{} refuses this: “bad sound”.",
            1,
        ),
        (lambda r: r.json(["text"]), "What {} answers is no transcription", 1),
        (lambda r: r.json({"text": 7}), "What {} answers is no transcription", 1),
        (lambda r: r.events("{"), "What {} answers is no transcription", 1),
        (lambda r: r.json({"text": "x" * (1 << 20)}), "What {} answers is no transcription", 1),
    ],
)
def test_what_goes_wrong_is_one_sentence(window, answer, sentence, n_asked):
    with hand_server(answer) as server, pytest.raises(AsrError) as error:
        read(server.address, window, token="s3cret")
    assert str(error.value).startswith(sentence.format(server.address))
    assert "s3cret" not in str(error.value)
    assert len(server.seen) == 1 + n_asked


def test_a_redirect_is_not_followed(window):
    with hand_server(lambda request: request.json(GOOD)) as other:

        def lead_on(request):
            request.send_response(307)
            request.send_header("Location", f"{other.address}/v1/audio/transcriptions")
            request.send_header("Content-Length", "0")
            request.end_headers()

        with hand_server(lead_on) as server, pytest.raises(AsrError, match="sends us on"):
            read(server.address, window)
    assert other.seen == []


def test_a_server_that_says_nothing_is_given_up(window, monkeypatch):
    monkeypatch.setattr(client, "PATIENCE_S", 0.05)
    silence = threading.Event()
    with hand_server(lambda request: silence.wait(10.0)) as server:
        with pytest.raises(AsrError, match="does not answer"):
            read(server.address, window)
        silence.set()


def test_an_answer_that_never_ends_is_given_up(window, monkeypatch):
    monkeypatch.setattr(client, "ANSWER_S", 0.0)
    with (
        hand_server(lambda request: request.events(*vllm("x"))) as server,
        pytest.raises(AsrError, match="does not answer"),
    ):
        read(server.address, window)


def test_nobody_at_the_address_is_said(window):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(AsrError, match=f"Nobody answers at {address}"):
        read(address, window)


@contextmanager
def certified(tmp_path, name):
    """A server's TLS with a certificate of its own for `name`, and the file that has it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    pem = serialization.Encoding.PEM
    form, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, form, no_password))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    yield context, path


def name_of(kind, value):
    import ipaddress

    from cryptography import x509

    return x509.DNSName(value) if kind == "dns" else x509.IPAddress(ipaddress.ip_address(value))


@pytest.mark.parametrize(
    ("name", "is_known", "said"),
    [
        (("ip", "127.0.0.1"), True, None),
        (("ip", "127.0.0.1"), False, "self-signed certificate"),
        (("dns", "other.example.org"), True, "IP address mismatch"),
    ],
    ids=["known", "of nobody we know", "of another name"],
)
def test_only_a_certificate_that_is_trusted_and_the_address_s_own_will_do(
    window, tmp_path, monkeypatch, name, is_known, said
):
    with certified(tmp_path, name_of(*name)) as (tls, path):
        if is_known:
            monkeypatch.setenv("SSL_CERT_FILE", str(path))
        with hand_server(lambda request: request.json(GOOD), tls=tls) as server:
            if said is None:
                assert [segment.text for segment in read(server.address, window)] == ["Well."]
                return
            with pytest.raises(AsrError, match="cannot prove that it is what it says") as error:
                read(server.address, window, token="s3cret")
        assert said in str(error.value)
        assert server.seen == []


def test_https_is_asked_for_and_http_answers(window):
    with hand_server(lambda request: request.json(GOOD)) as server:
        address = server.address.replace("http:", "https:")
        with pytest.raises(AsrError, match=r"no safe line to|line to .* broke"):
            read(address, window)


def test_the_transcript_says_where_the_sound_went_and_by_what_it_was_written(window):
    with hand_server(lambda request: request.json(GOOD), model="big\x1b[2J") as server:
        loaded = load_engine(settings_for(server.address))
    assert loaded.name == f"big[2J ({server.address})"
    assert f"The sound left this computer for {server.address}." in loaded.stats()["notes"]
    assert not searches(server.address)


def test_speed_is_measured_with_made_up_sound():
    with hand_server(lambda request: request.json(GOOD)) as server:
        settings = settings_for(server.address)
        speed = load_engine(settings).speed(settings)
    assert 0 < speed.real_time_factor("joint") < 5
