"""What is declared is true: dependencies, pins, the commands that the documents name."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from nas.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
DEV = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    parted = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in parted}


@pytest.mark.parametrize("requirement", RUNTIME + DEV, ids=str)
def test_every_dependency_has_a_lower_bound_and_a_pin_above_it(requirement: Requirement) -> None:
    assert any(clause.operator == ">=" for clause in requirement.specifier)
    assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])


def test_pins_fit_any_build_of_torch() -> None:
    assert "+" not in pins()["torch"]


def imported_packages(folder: Path) -> set[str]:
    """Top-level names that the files under `folder` import, at any place."""
    names: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


def test_nas_imports_what_it_declares_and_declares_what_it_imports() -> None:
    owners = packages_distributions()
    imported = {canonicalize_name(owners[name][0]) for name in imported_packages(ROOT / "nas") - {"nas"}}
    declared = {canonicalize_name(requirement.name) for requirement in RUNTIME}
    assert imported == declared


def test_tests_import_only_what_is_declared() -> None:
    owners = packages_distributions()
    foreign = imported_packages(ROOT / "tests") - {"nas", "tests"}
    declared = {canonicalize_name(requirement.name) for requirement in RUNTIME + DEV}
    assert {canonicalize_name(owners[name][0]) for name in foreign} <= declared


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile"])
def test_documents_name_only_commands_that_there_are(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    code = re.findall(r"`([^`\n]+)`|^(?:\$ |# )?((?:make|nas) .*)$", text_of(document), re.MULTILINE)
    words = [(quoted or line).split() for quoted, line in code]
    calls = [(line[0], line[1]) for line in words if len(line) > 1 and line[0] in ("make", "nas")]
    assert {name for tool, name in calls if tool == "make"} <= targets
    assert {name for tool, name in calls if tool == "nas" and not name.startswith("-")} <= set(COMMANDS)


def test_the_readme_opens_with_the_two_commands() -> None:
    first_block = re.findall(r"```sh\n(.*?)```", text_of("README.md"), re.DOTALL)[0]
    assert [line.split("#")[0].strip() for line in first_block.splitlines()] == ["make search", "make test"]


def test_links_between_the_documents_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", text_of(name)):
            assert (ROOT / target).exists(), f"{name}: {target}"
