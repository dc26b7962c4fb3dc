"""Reads the base of a comparison: the contract of a git revision or of another file."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from specwitness.errors import BaseRevisionError, ContractError
from specwitness.openapi import bundle, find_references, read_contract, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 10  # letters of a commit's hash


@dataclass(frozen=True, slots=True)
class Base:
    """The older contract; `document` is None if the contract did not exist in the revision."""

    label: str
    document: dict[str, Any] | None


def read_base(root: Path, name: str, file: str) -> Base:
    """Read the contract of a base.

    A revision means its merge base with HEAD: with `origin/main`, the commits that others merged
    since the branch was created do not count as changes of the branch.

    Args:
        root: The root of the repository.
        name: A file, a revision such as `origin/main`, or `REVISION:path`.
        file: The present path of the contract, relative to the root.

    Raises:
        BaseRevisionError: There is no such file or revision, or the contract in it cannot be read.
    """
    path_given = root / name
    if path_given.is_file():
        is_inside = path_given.resolve().is_relative_to(root.resolve())
        return Base(name, _read(root if is_inside else path_given.parent, path_given, name))
    revision, _, path = name.partition(":")
    commit = _find_commit(root, revision)
    label = f"{revision} ({commit[:_SHOWN]})"
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        if not _copy(root, commit, path or file, copy):
            if path:
                raise BaseRevisionError(f"{revision} has no {path}", where=f"base {name}")
            return Base(label, None)
        return Base(label, _read(copy, copy / (path or file), label))


def _read(root: Path, path: Path, label: str) -> dict[str, Any]:
    try:
        return bundle(read_contract(path, root))
    except ContractError as error:
        raise BaseRevisionError(
            f"the contract of the base cannot be read: {error.message}",
            where=f"{label}: {error.where}",
            remedy="use a revision or file with a readable contract as the base",
        ) from error


def _find_commit(root: Path, revision: str) -> str:
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found is None:
        raise BaseRevisionError(
            f"{revision or 'an empty name'} is neither a revision of this repository nor a file in it",
            where="base",
            remedy="fetch it (a shallow clone does not have it): git fetch origin main; or name a file",
        )
    commit = found.decode().strip()
    fork = _git(root, "merge-base", commit, "HEAD")
    return fork.decode().strip() if fork else commit


def _copy(root: Path, commit: str, file: str, folder: Path) -> bool:
    """Copy a file of a commit and the files that its `$ref`s name; return whether the file exists."""
    pending, seen = [file], {file}
    while pending:
        name = pending.pop()
        content = _git(root, "cat-file", "blob", f"{commit}:./{name}")
        if content is None:
            if name == file:
                return False
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        for target in _find_targets(path, folder):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return True


def _find_targets(path: Path, folder: Path) -> Iterator[str]:
    try:
        references = list(find_references(read_document(path, folder).data, ()))
    except ContractError:
        # Reading the copy raises the same error, with a message.
        return
    for _, reference in references:
        name = unquote(reference.partition("#")[0])
        target = (path.parent / name).resolve()
        if name and not urlsplit(name).scheme and target.is_relative_to(folder.resolve()):
            yield PurePosixPath(target.relative_to(folder.resolve())).as_posix()


def _git(root: Path, *words: str) -> bytes | None:
    """Run git; return its output, or None if it fails."""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)  # noqa: S603, S607  # git is what the user has
    except subprocess.CalledProcessError:
        return None
    except OSError as error:
        raise BaseRevisionError(
            "git cannot be run", where="base", remedy="install git, or name a file as the base"
        ) from error
    return done.stdout
