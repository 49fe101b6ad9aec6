"""The facts back as an OpenAPI document: something to plant changes in, on any machine."""

from typing import Any

from clerk_tools.contract.facts import ArgumentFacts, Facts, OperationFacts, Shape

KEYWORDS = {
    "default": "default",
    "minimum": "minimum",
    "maximum": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
}


def document_of(facts: Facts) -> dict[str, Any]:
    """The smallest OpenAPI 3.0 document with these facts."""
    paths: dict[str, Any] = {}
    for operation in facts.operations.values():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.0.3",
        "info": {"title": "Facts", "version": facts.version or "1"},
        "paths": paths,
        "components": {"schemas": {name: _schema(shape) for name, shape in facts.shapes.items()}},
    }


def _operation(operation: OperationFacts) -> dict[str, Any]:
    fields = [a for a in operation.arguments if a.place in ("body", "file")]
    node: dict[str, Any] = {
        "operationId": operation.id,
        "parameters": [_parameter(a) for a in operation.arguments if a not in fields],
        "responses": {status: _response(shape) for status, shape in operation.responses.items()},
    }
    if operation.deprecated:
        node["deprecated"] = True
    if operation.media_type:
        node["requestBody"] = {
            "required": any(a.required for a in fields),
            "content": {operation.media_type: {"schema": _body(operation, fields)}},
        }
    return node


def _parameter(argument: ArgumentFacts) -> dict[str, Any]:
    return {
        "name": argument.name,
        "in": argument.place,
        "required": argument.required,
        "schema": _schema(argument.shape),
    }


def _body(operation: OperationFacts, fields: list[ArgumentFacts]) -> dict[str, Any]:
    if operation.array_body:
        return _schema(fields[0].shape)
    return {
        "type": "object",
        "properties": {a.name: _schema(a.shape) for a in fields},
        "required": [a.name for a in fields if a.required],
    }


def _response(shape: Shape | None) -> dict[str, Any]:
    if shape is None:
        return {"description": ""}
    if shape.type == "text":
        return {"description": "", "content": {"text/html": {"schema": {"type": "string"}}}}
    return {"description": "", "content": {"application/json": {"schema": _schema(shape)}}}


def _schema(shape: Shape) -> dict[str, Any]:
    if shape.ref:
        return {"$ref": f"#/components/schemas/{shape.ref}"}
    schema: dict[str, Any] = {
        keyword: getattr(shape, name)
        for name, keyword in KEYWORDS.items()
        if getattr(shape, name) is not None
    }
    if shape.type == "binary":
        schema |= {"type": "string", "format": "binary"}
    elif shape.type != "any":
        schema["type"] = shape.type
    for keyword, value in (("nullable", shape.nullable), ("deprecated", shape.deprecated)):
        if value:
            schema[keyword] = True
    for keyword, values in (("enum", shape.enum), ("required", shape.required)):
        if values:
            schema[keyword] = list(values)
    if shape.items:
        schema["items"] = _schema(shape.items)
    if shape.properties:
        schema["properties"] = {name: _schema(one) for name, one in shape.properties.items()}
    if shape.any_of:
        schema["anyOf"] = [_schema(one) for one in shape.any_of]
    return schema
