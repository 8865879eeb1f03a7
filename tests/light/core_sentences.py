"""Every sentence that the core may say to a person, read from its source.

A template is a sentence with `{}` where a value goes, `{!r}` where the value stands in quotes.
Followed are literals, f-strings, concatenations, conditionals, local names, constants, loops over
constants, what functions return and what they are given. What stands in a hole is collected as a
template of its own if it is words of ours.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CORE = Path(__file__).resolve().parents[2] / "asr_core"
# these speak to the command line alone
ELSEWHERE = ("batch/", "cli/", "serve/", "training/", "bench/", "sbom.py")

ROOTS = {"AsrError", "UnreadableError"}
# What sentences are called where they are handed on: parameters, fields, keys, lists.
CARRIERS = {"error", "refusal", "sentence", "sentences", "note", "notes", "findings"}
HOLE, QUOTED = "{}", "{!r}"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(eq=False)
class Module:
    """What a file defines."""

    path: Path
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """Where an expression stands."""

    module: Module
    function: Function | None = None


class Reader:
    """Goes through the code in a folder until nothing new is found.

    Attributes:
        found: template -> a place where it is said.
    """

    def __init__(self, folder: Path) -> None:
        self.found: dict[str, str] = {}
        self._folder = folder
        modules = [
            _module(path)
            for path in sorted(folder.rglob("*.py"))
            if not path.relative_to(folder).as_posix().startswith(ELSEWHERE)
        ]
        self._functions: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        self._constants: dict[str, list[tuple[Module, ast.expr]]] = defaultdict(list)
        classes: dict[str, ast.ClassDef] = {}
        for module in modules:
            for name, value in module.constants.items():
                self._constants[name].append((module, value))
            for node in ast.walk(module.tree):
                if isinstance(node, Function):
                    self._functions[node.name].append((module, node))
                elif isinstance(node, ast.ClassDef):
                    classes[node.name] = node
        self._fields = {name: _fields(node) for name, node in classes.items()}
        self._errors = _errors(classes)
        self._carried = {  # parameters that are sentences, or parts of one
            (function, parameter)
            for pairs in self._functions.values()
            for _, function in pairs
            for parameter in _parameters(function)
            if parameter in CARRIERS
        }
        for name in self._errors & classes.keys():
            for part in classes[name].body:
                if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                    self._carried |= {(part, parameter) for parameter in _parameters(part)}
        n_known = -1
        while n_known < (n_known := len(self.found) + len(self._carried)):
            for module in modules:
                self._visit(module.tree, Scope(module))

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, Function):
            scope = Scope(scope.module, node)
            positional = node.args.posonlyargs + node.args.args
            for argument, default in zip(
                reversed(positional), reversed(node.args.defaults), strict=False
            ):
                if (node, argument.arg) in self._carried:
                    self._say(default, scope)
        elif isinstance(node, ast.Call):
            for value in self._handed_over(node, scope):
                self._say(value, scope)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in CARRIERS:
                    self._say(value, scope)
        for child in ast.iter_child_nodes(node):
            self._visit(child, scope)

    def _handed_over(self, call: ast.Call, scope: Scope) -> Iterator[ast.expr]:
        """The arguments of a call that are sentences, or parts of one."""
        name = _last_name(call.func)
        if name in self._errors:
            yield from call.args
            yield from (keyword.value for keyword in call.keywords)
        elif name in ("append", "extend") and isinstance(call.func, ast.Attribute):
            if _last_name(call.func.value) in CARRIERS:
                yield from call.args
        elif name in self._fields:
            given = zip(self._fields[name], call.args, strict=False)
            yield from (value for key, value in given if key in CARRIERS)
            yield from (key.value for key in call.keywords if key.arg in CARRIERS)
        for _, function in self._called(name, scope):
            named = [(key.arg or "", key.value) for key in call.keywords]
            for key, value in [*zip(_parameters(function), call.args, strict=False), *named]:
                if (function, key) in self._carried:
                    yield value

    def _called(self, name: str, scope: Scope) -> list[tuple[Module, Function]]:
        """The functions a call may mean: a private one of the same file, or any public one."""
        return [
            (module, function)
            for module, function in self._functions.get(name, [])
            if module is scope.module or not name.startswith("_")
        ]

    def _say(self, value: ast.expr, scope: Scope) -> None:
        for template in self._templates(value, scope, frozenset()):
            if _is_words(template):
                self._keep(template, value, scope)

    def _keep(self, template: str, node: ast.expr, scope: Scope) -> None:
        place = f"{scope.module.path.relative_to(self._folder).as_posix()}, line {node.lineno}"
        self.found.setdefault(template, place)

    def _templates(self, node: ast.expr, scope: Scope, open_: frozenset[object]) -> set[str]:
        """What an expression may give; `{}` for what nobody can know before it runs."""
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) else {HOLE}
        if isinstance(node, ast.JoinedStr):
            return {"".join(self._part(part, scope, open_) for part in node.values)}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left = self._templates(node.left, scope, open_)
            right = self._templates(node.right, scope, open_)
            return {a + b for a in left for b in right}
        if isinstance(node, ast.IfExp):
            return self._any((node.body, node.orelse), scope, open_)
        if isinstance(node, ast.BoolOp):
            return self._any(node.values, scope, open_)
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return self._any(node.elts, scope, open_)
        if isinstance(node, ast.Dict):
            return self._any([*filter(None, node.keys), *node.values], scope, open_)
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            return self._templates(node.elt, scope, open_)
        if isinstance(node, ast.Starred | ast.NamedExpr):
            return self._templates(node.value, scope, open_)
        if isinstance(node, ast.Subscript):
            return self._templates(node.value, scope, open_)
        if isinstance(node, ast.Name):
            return self._named(node, scope, open_)
        if isinstance(node, ast.Attribute) and node.attr.isupper():
            return self._constant(node.attr, scope, open_)
        if isinstance(node, ast.Call):
            return self._returned(node, scope, open_)
        return {HOLE}

    def _any(self, nodes, scope: Scope, open_: frozenset[object]) -> set[str]:
        return {text for node in nodes for text in self._templates(node, scope, open_)}

    def _part(self, part: ast.expr, scope: Scope, open_: frozenset[object]) -> str:
        """A piece of an f-string; what stands in a hole is said, too, unless it always does."""
        if isinstance(part, ast.Constant):
            return str(part.value)
        assert isinstance(part, ast.FormattedValue)
        templates = self._templates(part.value, scope, open_)
        if _last_name(part.value).isupper() and len(templates) == 1 and part.conversion == -1:
            return templates.pop()
        for template in templates:
            if _is_words(template):
                self._keep(template, part, scope)
        return QUOTED if part.conversion == ord("r") else HOLE

    def _named(self, node: ast.Name, scope: Scope, open_: frozenset[object]) -> set[str]:
        key = (scope, node.id)
        if key in open_:
            return {HOLE}
        open_ |= {key}
        found: set[str] = set()
        if scope.function is not None:
            if node.id in _parameters(scope.function):
                self._carried.add((scope.function, node.id))
                found.add(HOLE)
            for value, is_added in _assigned(scope.function, node.id):
                texts = self._templates(value, scope, open_)
                found |= {HOLE + text for text in texts} if is_added else texts
        return found or self._constant(node.id, scope, open_)

    def _constant(self, name: str, scope: Scope, open_: frozenset[object]) -> set[str]:
        found: set[str] = set()
        for module, value in self._constants.get(name, []):
            if module is scope.module or not name.startswith("_"):
                found |= self._templates(value, Scope(module), open_)
        return found or {HOLE}

    def _returned(self, call: ast.Call, scope: Scope, open_: frozenset[object]) -> set[str]:
        name, found = _last_name(call.func), set()
        if isinstance(call.func, ast.Attribute) and name in ("join", "get", "items", "values"):
            owner = self._templates(call.func.value, scope, open_) if name != "join" else {HOLE}
            return owner | self._any(call.args, scope, open_)
        for module, function in self._called(name, scope):
            returns = function.returns
            if not (isinstance(returns, ast.Name) and returns.id == "str") or function in open_:
                continue
            inside = Scope(module, function)
            for part in ast.walk(function):
                if isinstance(part, ast.Return) and part.value is not None:
                    found |= self._templates(part.value, inside, open_ | {function})
        return found | {HOLE}


def core_sentences(folder: Path = CORE) -> dict[str, str]:
    """Every template that the code in `folder` may say, and a place where it says it."""
    return Reader(folder).found


def _module(path: Path) -> Module:
    module = Module(path, ast.parse(path.read_text(encoding="utf-8")))
    for node in module.tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    module.constants[target.id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            module.constants[node.target.id] = node.value
    return module


def _fields(node: ast.ClassDef) -> list[str]:
    """Those of a dataclass or a named tuple, in order."""
    return [
        part.target.id
        for part in node.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    ]


def _errors(classes: dict[str, ast.ClassDef]) -> set[str]:
    """The classes whose sentences people see, and all that inherit from them."""
    found: set[str] = set()
    grown = set(ROOTS)
    while grown > found:
        found = set(grown)
        grown |= {
            name
            for name, node in classes.items()
            if found & {_last_name(base) for base in node.bases}
        }
    return found


def _parameters(function: Function) -> list[str]:
    """Those that a call may fill in, in order."""
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _assigned(function: Function, name: str) -> Iterator[tuple[ast.expr, bool]]:
    """What a local name may be, and whether it is added to what it was."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            if any(_holds(target, name) for target in node.targets):
                yield node.value, False
        elif isinstance(node, ast.AnnAssign) and node.value and _holds(node.target, name):
            yield node.value, False
        elif isinstance(node, ast.AugAssign) and _holds(node.target, name):
            yield node.value, True
        elif isinstance(node, ast.For | ast.comprehension) and _holds(node.target, name):
            yield node.iter, False


def _holds(target: ast.expr, name: str) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return any(_holds(part, name) for part in target.elts)
    return isinstance(target, ast.Name) and target.id == name


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_words(template: str) -> bool:
    """Two words or more, or one beside a value: names, units and times alone are none."""
    text = template.replace(QUOTED, HOLE)
    return " " in text.strip() and re.search("[a-zA-Z]{2}", text.replace(HOLE, "")) is not None
