"""The OpenAPI document of the service."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import version
from typing import Any

from tilewright_compiler.plan.model import Plan

from ..fetch.policy import ON_MISSING
from ..times import EARLIEST_MS, LATEST_MS
from .problems import KINDS

Json = dict[str, Any]

_ANY_OBJECT: Json = {"type": "object", "additionalProperties": True}
_DATE = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

_AT: Json = {
    "description": "The query time, in epoch milliseconds or ISO 8601. Left out, everything counts "
    "that was written until now.",
    "anyOf": [
        {"type": "integer", "minimum": EARLIEST_MS, "maximum": LATEST_MS - 1},
        {"type": "string", "pattern": f"^{_DATE}T{_TIME}Z$"},
    ],
}
_QUALITY: Json = {
    "description": "Whether each row says how good it is. Left out, a row does so where it is not "
    "clean.",
    "type": "boolean",
}
_ON_MISSING: Json = {
    "description": "What becomes of tiles that ought to be there. Left out, what the plan says.",
    "enum": list(ON_MISSING),
}
_MAX_STALENESS: Json = {
    "description": "How old the newest event that was written may be. Left out, what the plan "
    "says.",
    "type": "string",
    "pattern": "^[1-9][0-9]{0,3}[smhd]$",
}


def _options(plans: Iterable[Plan]) -> Mapping[str, Json]:
    """Describe what a request may say beside its keys."""
    names: dict[str, None] = {}
    for plan in plans:
        names |= dict.fromkeys(feature.name for feature in plan.features)
        names |= dict.fromkeys(derivation.name for derivation in plan.derivations)
    features = {
        "description": "The features that are wanted. Left out, all of them.",
        "type": "array",
        "items": {"enum": list(names)},
        "minItems": 1,
    }
    return {
        "at": _AT,
        "features": features,
        "quality": _QUALITY,
        "on_missing": _ON_MISSING,
        "max_staleness": _MAX_STALENESS,
    }


def openapi_document(plans: Collection[Plan], has_token: bool) -> Json:
    """Describe the service in OpenAPI 3.1."""
    names = [plan.name for plan in plans]
    options = _options(plans)
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "Tilewright",
            "version": version("tilewright"),
            "description": "Features of keys, aggregated over windows, from tiles.",
        },
        "paths": {
            "/ping": _text("Answers pong.", {"const": "pong"}),
            "/healthz": _get("Says that the process lives.", {"200": _answer(_status(["ok"]))}),
            "/readyz": _get(
                "Says whether the store has tiles of each plan.",
                {"200": _answer(_status(["ready"])), "503": _answer(_status(["not ready"]))},
            ),
            "/v1/plans": _get("Lists the plans.", {"200": _answer(_ref("Plans"))}),
            "/metrics": _text("Exports metrics to Prometheus.", {"type": "string"}),
            "/openapi.json": _get("Describes the service.", {"200": _answer(_ANY_OBJECT)}),
            "/v1/features/groupby/{name}": {"post": _groupby(names, options)},
            "/v1/features": {"post": _several(names, options)},
        },
        "components": {"schemas": _schemas(options)},
    }
    if has_token:
        scheme = {"type": "http", "scheme": "bearer"}
        document["components"]["securitySchemes"] = {"token": scheme}
        document["security"] = [{"token": []}]
        for path in ("/ping", "/healthz", "/readyz"):
            document["paths"][path]["get"]["security"] = []
    return document


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(schema: Json, description: str = "The answer.") -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _status(words: list[str]) -> Json:
    properties = {"status": {"enum": words}, "plans": _ANY_OBJECT}
    return {"type": "object", "properties": properties, "required": ["status"]}


def _get(summary: str, responses: Json) -> Json:
    return {"get": {"summary": summary, "responses": responses | _errors(401)}}


def _text(summary: str, schema: Json) -> Json:
    content = {"text/plain": {"schema": schema}}
    responses = {"200": {"description": "The text.", "content": content}}
    return {"get": {"summary": summary, "responses": responses | _errors(401)}}


def _errors(*statuses: int) -> Json:
    """Describe the responses of these statuses, by their codes."""
    responses = {}
    for status in statuses:
        codes = [code for code, kind in KINDS.items() if kind.status == status]
        responses[str(status)] = _answer(_ref("Error"), ", ".join(codes))
    return responses


_POST_ERRORS = (400, 401, 404, 408, 413, 422, 500, 503, 504)


def _groupby(names: list[str], options: Mapping[str, Json]) -> Json:
    name = {"name": "name", "in": "path", "required": True, "schema": {"enum": names}}
    parameters = [name]
    for option, schema in options.items():
        style = {"style": "form", "explode": False} if option == "features" else {}
        parameters.append({"name": option, "in": "query", "schema": schema, **style})
    return {
        "summary": "Answers keys of a GroupBy, row by row.",
        "parameters": parameters,
        "requestBody": _body({"anyOf": [_ref("Keys"), _ref("Request")]}),
        "responses": {"200": _answer(_ref("Results")), **_errors(*_POST_ERRORS)},
    }


def _several(names: list[str], options: Mapping[str, Json]) -> Json:
    parts = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"enum": names},
        "additionalProperties": {"anyOf": [_ref("Keys"), _ref("Request")]},
    }
    body = {
        "type": "object",
        "properties": {"groupbys": parts, **options},
        "required": ["groupbys"],
        "additionalProperties": False,
    }
    answers = {
        "type": "object",
        "properties": {
            "groupbys": {
                "type": "object",
                "additionalProperties": {"anyOf": [_ref("Results"), _ref("Error")]},
            }
        },
    }
    responses = {"200": _answer(answers)}
    for status, error in _errors(*_POST_ERRORS).items():
        # Where every GroupBy fails, the status is that of the first.
        schema = {"anyOf": [_ref("Error"), answers]}
        responses[status] = _answer(schema, error["description"])
    return {
        "summary": "Answers keys of several GroupBys.",
        "requestBody": _body(body),
        "responses": responses,
    }


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _schemas(options: Mapping[str, Json]) -> Json:
    return {
        "Keys": {
            "description": "Key objects: a value for each key column.",
            "type": "array",
            "items": _ANY_OBJECT,
        },
        "Request": {
            "type": "object",
            "properties": {"keys": _ref("Keys"), **options},
            "required": ["keys"],
            "additionalProperties": False,
        },
        "Row": _row_schema(),
        "Results": _object({"results": {"type": "array", "items": _ref("Row")}}),
        "Error": _object({"error": _error_schema()}),
        "Plans": _object({"plans": {"type": "array", "items": _plan_schema()}}),
    }


def _row_schema() -> Json:
    properties = {
        "status": {"enum": ["Success", "Failure"]},
        "entityKeys": _ANY_OBJECT,
        "features": _ANY_OBJECT,
        "quality": _ANY_OBJECT,
        "error": {"type": "string"},
        "code": {"enum": list(KINDS)},
    }
    return {"type": "object", "properties": properties, "required": ["status", "entityKeys"]}


def _error_schema() -> Json:
    properties = {
        "status": {"type": "integer"},
        "code": {"enum": list(KINDS)},
        "message": {"type": "string"},
        "advice": {"type": "string"},
    }
    return _object(properties)


def _plan_schema() -> Json:
    column = _object({"name": {"type": "string"}, "type": {"type": "string"}})
    properties = {
        "name": {"type": "string"},
        "fingerprint": {"type": "string"},
        "online": {"type": "boolean"},
        "keys": {"type": "array", "items": column},
        "features": {"type": "array", "items": _ANY_OBJECT},
        "derivations": {"type": "array", "items": column},
    }
    return _object(properties)


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}
