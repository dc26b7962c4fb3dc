"""Reads the contracts of the proving ground, and tells whether an answer fits one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from openapi_schema_validator import OAS30Validator, OAS31Validator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

METHODS = ("get", "post", "put", "patch", "delete")


def read_contract(module: str) -> dict[str, Any]:
    """Read the contract that stands beside a module."""
    text = Path(module).with_name("openapi.yaml").read_text(encoding="utf-8")
    contract: dict[str, Any] = yaml.safe_load(text)
    return contract


def list_operations(contract: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """List method, path and definition of each operation."""
    for path, item in contract["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def find_operation(contract: Mapping[str, Any], method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """Find the operation that serves a path, as `METHOD /path/{template}` and its definition."""
    for verb, template, operation in list_operations(contract):
        pattern = re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(template))
        if verb == method and re.fullmatch(pattern, path):
            return f"{verb} {template}", operation
    return None


def is_protected(contract: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    """Tell whether a call of an operation needs credentials; not where the contract calls them optional."""
    return all(operation.get("security", contract["security"]) or [{}])


def find_misfits(contract: Mapping[str, Any], response: httpx.Response) -> list[str]:
    """Say in what an answer does not fit the contract; nothing about paths that it does not know."""
    found = find_operation(contract, response.request.method, response.request.url.path)
    if found is None:
        return []
    documented = found[1]["responses"].get(str(response.status_code))
    if documented is None:
        return [f"{found[0]}: {response.status_code} is not documented"]
    documented = resolve(contract, documented)
    misfits = [*_find_header_misfits(contract, documented, response)]
    misfits += _find_body_misfits(contract, documented, response)
    return [f"{found[0]} {response.status_code}: {entry}" for entry in misfits]


def resolve(contract: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow the references within a contract to what they name."""
    while "$ref" in node:
        target: Any = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _find_header_misfits(
    contract: Mapping[str, Any], documented: Mapping[str, Any], response: httpx.Response
) -> Iterator[str]:
    for name, node in documented.get("headers", {}).items():
        header = resolve(contract, node)
        value: Any = response.headers.get(name)
        if value is None:
            if header.get("required"):
                yield f"the header {name} is missing"
            continue
        value = int(value) if header["schema"].get("type") == "integer" else value
        yield from _find_schema_misfits(contract, header["schema"], value)


def _find_body_misfits(
    contract: Mapping[str, Any], documented: Mapping[str, Any], response: httpx.Response
) -> Iterator[str]:
    content = documented.get("content")
    if content is None:
        if response.content:
            yield "a body came, and none is documented"
        return
    kind = response.headers.get("content-type", "").partition(";")[0]
    if kind not in content:
        yield f"the content type {kind!r} is not documented"
    elif kind.endswith("json"):
        yield from _find_schema_misfits(contract, content[kind]["schema"], response.json())


def _find_schema_misfits(
    contract: Mapping[str, Any], schema: Mapping[str, Any], value: object
) -> Iterator[str]:
    is_old = str(contract["openapi"]).startswith("3.0")
    validator = OAS30Validator if is_old else OAS31Validator
    # The contract is the root, so that references within it resolve.
    for error in validator({**contract, "allOf": [dict(schema)]}).iter_errors(value):
        yield f"{error.json_path}: {error.message}"
