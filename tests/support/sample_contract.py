"""A contract in which every part that can change stands once, and a way to change it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import yaml

from specwitness.openapi import Contract, read_contract
from specwitness.openapi.references import parse_pointer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GONE = object()
"""What stands at a place from which everything is taken away."""

ORDER = "/paths/~1orders~1{order_id}"
LIST = "/paths/~1orders/get"
CREATE = "/paths/~1orders/post"
DRAFT = "/components/schemas/Draft"
FOUND = "/components/schemas/Order"
LIMIT = f"{LIST}/parameters/0"
PAID = f"{CREATE}/callbacks/paid/{{$request.body#~1note}}/post"
LINK = f"{CREATE}/responses/201/links/order"
LOST = "/webhooks/orderLost/post"
SCHEMES = "/components/securitySchemes"

DOCUMENT: dict[str, Any] = yaml.safe_load("""
openapi: 3.1.0
info: { title: Orders, version: 1.0.0 }
security: [{ token: [] }]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 50, default: 20 } }
        - { name: X-CSRF-Token, in: header, required: true, schema: { type: string, maxLength: 64 } }
      responses:
        '200':
          description: All orders
          headers:
            X-Total: { required: true, schema: { type: integer, minimum: 0 } }
          content:
            application/json:
              schema: { type: array, maxItems: 50, items: { $ref: '#/components/schemas/Order' } }
            text/csv: { schema: { type: string } }
        '401': { $ref: '#/components/responses/Unauthorized' }
    post:
      operationId: createOrder
      requestBody:
        required: true
        content:
          application/json: { schema: { $ref: '#/components/schemas/Draft' } }
          text/plain: { schema: { type: string, maxLength: 80 } }
      callbacks:
        paid:
          '{$request.body#/note}':
            post:
              parameters:
                - { name: X-Signature, in: header, required: true, schema: { type: string, maxLength: 64 } }
              requestBody:
                required: true
                content:
                  application/json: { schema: { type: object, required: [id], properties: { id: { type: string }, text: { type: string, maxLength: 80 } } } }
              responses:
                '200':
                  description: Taken
                  content:
                    application/json: { schema: { type: object, properties: { seen: { type: boolean } } } }
      responses:
        '201':
          description: The order
          links:
            order: { operationId: getOrder, parameters: { order_id: $response.body#/id } }
        '401': { $ref: '#/components/responses/Unauthorized' }
        '404': { description: Not there, content: { application/problem+json: { schema: { type: object } } } }
  /orders/{order_id}:
    get:
      operationId: getOrder
      parameters:
        - { name: order_id, in: path, required: true, schema: { type: string, format: uuid } }
      responses:
        '200':
          description: The order
          content:
            application/json: { schema: { $ref: '#/components/schemas/Order' } }
        '401': { $ref: '#/components/responses/Unauthorized' }
  /health:
    get:
      operationId: getHealth
      security: []
      responses:
        '200': { description: Alive }
webhooks:
  orderLost:
    post:
      operationId: tellLostOrder
      requestBody:
        required: true
        content:
          application/json: { schema: { type: object, required: [id], properties: { id: { type: string }, text: { type: string, maxLength: 80 } } } }
      responses:
        '204': { description: Taken }
        '410': { description: Nobody wants it any more }
components:
  securitySchemes:
    token: { type: http, scheme: bearer }
  responses:
    Unauthorized:
      description: No valid credentials
      headers:
        WWW-Authenticate: { required: true, schema: { type: string } }
      content:
        application/problem+json: { schema: { type: object } }
  schemas:
    Draft:
      type: object
      required: [text]
      properties:
        text: { type: string, minLength: 1, maxLength: 80 }
        size: { type: [integer, 'null'], enum: [1, 2, 3, null] }
        note: { type: [string, 'null'], maxLength: 80, default: none }
        tags: { type: array, maxItems: 5, items: { type: string, maxLength: 8 } }
    Order:
      type: object
      required: [id, text]
      properties:
        id: { type: string, format: uuid, readOnly: true }
        text: { type: string, maxLength: 80 }
        state: { type: string, enum: [open, paid] }
        created: { type: string, format: date, readOnly: true }
        note: { type: string, default: none }
""")


def change(edits: Mapping[str, Any], document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    """Give a document with other values at JSON pointers."""
    changed = copy.deepcopy(document)
    for pointer, value in edits.items():
        *way, last = parse_pointer(pointer)
        holder: Any = changed
        for token in way:
            holder = holder[int(token)] if isinstance(holder, list) else holder[token]
        key = int(last) if isinstance(holder, list) else last
        if value is GONE:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(value)
    return changed


def read(document: dict[str, Any], folder: Path) -> Contract:
    """Read a document as the contract of a repository."""
    path = folder / "openapi.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return read_contract(path, folder)
