"""Mean and variance of features, out of the files of others."""

import json

import numpy as np
import pytest
import torch
from public_conformers import COUNT, SQUARES, SUMS, kaldi_matrix

from asr_core.model.cmvn import espnet_cmvn, kaldi_cmvn, wenet_cmvn

MEAN = torch.from_numpy(SUMS / COUNT).float()
ISTD = torch.from_numpy(1 / np.sqrt(SQUARES / COUNT - (SUMS / COUNT) ** 2)).float()


def assert_ours(found, tolerance=1e-6):
    torch.testing.assert_close(found["encoder.mean"], MEAN, atol=0, rtol=tolerance)
    torch.testing.assert_close(found["encoder.istd"], ISTD, atol=0, rtol=tolerance)


@pytest.mark.parametrize(("kind", "tolerance"), [("DM", 1e-6), ("FM", 1e-4)])
def test_a_binary_matrix_of_kaldi(tmp_path, kind, tolerance):
    (tmp_path / "cmvn.ark").write_bytes(kaldi_matrix(kind))
    assert_ours(kaldi_cmvn(tmp_path / "cmvn.ark"), tolerance)


def test_a_file_of_espnet(tmp_path):
    np.savez(tmp_path / "s.npz", count=COUNT, sum=SUMS, sum_square=SQUARES)
    assert_ours(espnet_cmvn(tmp_path / "s.npz"))


def test_json_and_a_text_matrix_of_wenet(tmp_path):
    path = tmp_path / "global_cmvn"
    found = {"mean_stat": [*SUMS], "var_stat": [*SQUARES], "frame_num": COUNT}
    path.write_text(json.dumps(found))
    assert_ours(wenet_cmvn(path))
    rows = [" ".join(map(str, row)) for row in ([*SUMS, COUNT], [*SQUARES, 0])]
    path.write_text(f" [\n  {rows[0]}\n  {rows[1]} ]\n")
    assert_ours(wenet_cmvn(path))


def test_a_band_that_never_changes_has_a_finite_deviation(tmp_path):
    found = {"mean_stat": [5.0], "var_stat": [2.5], "frame_num": 10}
    (tmp_path / "global_cmvn").write_text(json.dumps(found))
    assert wenet_cmvn(tmp_path / "global_cmvn")["encoder.istd"].isfinite().all()


WHOLE = kaldi_matrix("FM")


@pytest.mark.parametrize(
    "data",
    [
        *(WHOLE[:n] for n in (0, 1, 2, 5, 9, 14, 15, 200, len(WHOLE) - 1)),
        WHOLE + b"x",
        WHOLE.replace(b"FM ", b"CM "),
        b"[ 1 2 ]",
        b"[ nan 1 1 1 ]",
        b"[ a b c d ]",
        b"[ 1 0 1 0 ]",  # of no frames
        b"\xff" * 40,
        b"x" * 2_000_000,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_matrix_is_refused(tmp_path, data):
    (tmp_path / "cmvn.ark").write_bytes(data)
    with pytest.raises(ValueError, match=r"Kaldi|not all|do not fit|too long|could not|decode"):
        kaldi_cmvn(tmp_path / "cmvn.ark")


def test_an_archive_that_holds_objects_is_not_unpickled(tmp_path):
    objects = np.array([{}], dtype=object)
    np.savez(tmp_path / "s.npz", count=objects, sum=objects, sum_square=objects)
    with pytest.raises(ValueError, match="allow_pickle"):
        espnet_cmvn(tmp_path / "s.npz")
    (tmp_path / "s.npz").write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(ValueError, match="no archive"):
        espnet_cmvn(tmp_path / "s.npz")
