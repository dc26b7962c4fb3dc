# Derived by specwitness from specs/003-jwt-auth-middleware/spec.md
# Change the spec, then run: specwitness derive
Feature: JWT Authentication Dependency

  Rule: US1 Reach protected routes with valid credentials only (P1)

    @003/US1/AC1 @003/FR-002 @003/FR-004 @003/FR-012
    Scenario: US1/AC1 "alice" sends GET /api/me
      Given "alice" is signed in
      When "alice" sends GET /api/me
      Then the answer is 200
      And the body names "alice" as the caller

    @003/US1/AC2 @003/FR-001 @003/FR-006
    Scenario Outline: US1/AC2 <request> is sent without credentials
      Given "alice" is signed in
      When <request> is sent without credentials
      Then the answer is 401 with the code "credentials_missing"
      And the challenge names the realm and no error

      Examples:
        | request                                                       |
        | GET /api/me                                                   |
        | GET /api/tasks                                                |
        | POST /api/tasks                                               |
        | GET /api/tasks/0190a5d2-0000-4000-8000-000000000000           |
        | PUT /api/tasks/0190a5d2-0000-4000-8000-000000000000           |
        | POST /api/tasks/0190a5d2-0000-4000-8000-000000000000/complete |
        | DELETE /api/tasks/0190a5d2-0000-4000-8000-000000000000        |

    @003/US1/AC3 @003/FR-006 @003/FR-015
    Scenario Outline: US1/AC3 GET /api/me is sent with <credential>
      Given "alice" is signed in
      When GET /api/me is sent with <credential>
      Then the answer is 401 with the code "token_invalid"
      And the challenge says "invalid_token"
      And the log gives the cause "<cause>" and nothing of the token

      @003/FR-002
      Examples:
        | credential                               | cause            |
        | a token signed with another secret       | signature        |
        | a token with an altered payload          | signature        |
        | a token without a signature              | encoding         |
        | a token with alg none                    | algorithm        |
        | a token with alg None                    | algorithm        |
        | a token with alg nOnE                    | algorithm        |
        | a token with alg hs256                   | algorithm        |
        | a token with alg HS512                   | algorithm        |
        | a token with alg EdDSA                   | algorithm        |

      @003/FR-002 @003/FR-008
      Examples:
        | credential                               | cause            |
        | a token whose alg is a list              | algorithm        |
        | a token whose alg is an object           | algorithm        |
        | a token whose alg is a number            | algorithm        |
        | a token whose alg is null                | algorithm        |

      @003/FR-002
      Examples:
        | credential                               | cause            |
        | a token without alg                      | algorithm        |
        | a token with a crit header               | header           |
        | a token with b64 false                   | header           |
        | a token with a zip header                | header           |
        | a token with a cty header                | header           |
        | a token of type JOSE                     | type             |

      @003/FR-002 @003/FR-008
      Examples:
        | credential                               | cause            |
        | a token whose type is a list             | type             |
        | a token whose kid is a list              | header           |

      @003/FR-002
      Examples:
        | credential                               | cause            |
        | a token that points at its key by jku    | signature        |
        | a token that points at its key by x5u    | signature        |
        | a token that brings its key as jwk       | signature        |
        | a token that brings its key as x5c       | signature        |

      @003/FR-033
      Examples:
        | credential                               | cause            |
        | a session-cookie cache of Better Auth    | missing_claim    |
        | a session-cache token of Better Auth     | type             |
        | a session-cache token without its type   | audience         |
        | a bearer token of Better Auth's plugin   | parts            |

      @003/FR-002
      Examples:
        | credential                               | cause            |
        | a token whose signature is padded        | characters       |
        | a token whose signature ends with marks  | characters       |
        | a token in the standard alphabet         | characters       |
        | a token with altered spare bits          | encoding         |

      @003/FR-002 @003/FR-004
      Examples:
        | credential                               | cause            |
        | a token with a duplicate sub             | duplicate_member |

      @003/FR-002
      Examples:
        | credential                               | cause            |
        | a token with a duplicate alg             | duplicate_member |

      @003/FR-012
      Examples:
        | credential                               | cause            |
        | a token without iss                      | missing_claim    |
        | a token without aud                      | missing_claim    |
        | a token without iat                      | missing_claim    |
        | a token of another issuer                | issuer           |
        | a token for another audience             | audience         |

      @003/FR-003
      Examples:
        | credential                               | cause            |
        | a token whose nbf is an hour ahead       | not_yet_valid    |
        | a token whose iat is an hour ahead       | issued_in_future |
        | a token without exp                      | missing_claim    |
        | a token whose exp is a string            | time_claim       |
        | a token whose exp is a spaced string     | time_claim       |
        | a token whose exp has full-width digits  | time_claim       |
        | a token whose exp is true                | time_claim       |
        | a token whose exp is null                | time_claim       |
        | a token whose exp is a list              | time_claim       |

      @003/FR-003 @003/FR-008
      Examples:
        | credential                               | cause            |
        | a token whose exp has 4000 digits        | time_claim       |

      @003/FR-003
      Examples:
        | credential                               | cause            |
        | a token whose nbf is a string            | time_claim       |
        | a token whose iat is false               | time_claim       |

      @003/FR-003 @003/FR-008
      Examples:
        | credential                               | cause            |
        | a token whose exp is 1e400               | time_claim       |
        | a token whose exp is NaN                 | payload          |
        | a token whose exp is Infinity            | payload          |

      @003/FR-012
      Examples:
        | credential                               | cause            |
        | a token whose aud is an object           | audience         |
        | a token whose iss is a list              | issuer           |

      @003/FR-004
      Examples:
        | credential                               | cause            |
        | a token whose sub is empty               | subject          |
        | a token whose sub is blank               | subject          |
        | a token whose sub is a number            | subject          |

      @003/FR-004 @003/FR-008
      Examples:
        | credential                               | cause            |
        | a token whose sub holds NUL              | subject          |
        | a token whose sub holds a lone surrogate | subject          |
        | a token whose sub holds a line break     | subject          |

      @003/FR-004
      Examples:
        | credential                               | cause            |
        | a token whose sub has 256 characters     | subject          |

      @003/FR-004 @003/FR-008
      Examples:
        | credential                               | cause            |
        | a token whose sub has a megabyte         | too_large        |

    @003/US1/AC4 @003/FR-001 @003/FR-006
    Scenario Outline: US1/AC4 GET /api/me is sent with "<header>" in the Authorization header
      Given "alice" is signed in
      When GET /api/me is sent with "<header>" in the Authorization header
      Then the answer is 401 with the code "credentials_malformed"
      And the challenge says "invalid_token"

      Examples:
        | header                 |
        | Basic YWxpY2U6c2VjcmV0 |
        | Bearer                 |
        | Token abc              |
        | Bearer one two         |

    @003/US1/AC5 @003/FR-003 @003/FR-006 @003/FR-015
    Scenario: US1/AC5 GET /api/me is sent with an expired token
      Given "alice" is signed in
      When GET /api/me is sent with an expired token
      Then the answer is 401 with the code "token_expired"
      And the challenge says "invalid_token"
      And the log gives the cause "expired" and nothing of the token

    @003/US1/AC6 @003/FR-001
    Scenario Outline: US1/AC6 GET /api/me is sent with the token of "alice" in the <place>
      Given "alice" is signed in
      When GET /api/me is sent with the token of "alice" in the <place>
      Then the answer is 401 with the code "credentials_missing"

      Examples:
        | place        |
        | query string |
        | cookie       |
        | form body    |

    @003/US1/AC7 @003/FR-001
    Scenario Outline: US1/AC7 GET /api/me is sent with the scheme written "<scheme>"
      Given "alice" is signed in
      When GET /api/me is sent with the scheme written "<scheme>"
      Then the answer is 200

      Examples:
        | scheme |
        | Bearer |
        | bearer |
        | BEARER |

    @003/US1/AC8 @003/FR-021
    Scenario: US1/AC8 "alice" sends GET /api/me
      Given "alice" is signed in
      When "alice" sends GET /api/me
      Then no cache may keep the answer

  Rule: US2 Get the caller's identity by one dependency (P2)

    @003/US2/AC1 @003/FR-004 @003/FR-005 @003/SC-004
    Scenario: US2/AC1 "alice" calls the new endpoint
      Given a new endpoint that declares CurrentUserId
      When "alice" calls the new endpoint
      Then the endpoint received the user id of "alice"

    @003/US2/AC2 @003/FR-005 @003/SC-001 @003/SC-004
    Scenario: US2/AC2 the new endpoint is called with an expired token
      Given a new endpoint that declares CurrentUserId
      When the new endpoint is called with an expired token
      Then the answer is 401 with the code "token_expired"
      And the endpoint's code did not run

    @003/US2/AC3 @003/FR-005 @003/SC-001
    Scenario Outline: US2/AC3 POST /api/tasks is sent with <credential> and a body that is not JSON
      Given "alice" is signed in
      When POST /api/tasks is sent with <credential> and a body that is not JSON
      Then the answer is 401 with the code "<code>"

      Examples:
        | credential                         | code                |
        | no credential                      | credentials_missing |
        | a token signed with another secret | token_invalid       |
        | an expired token                   | token_expired       |

  Rule: US3 Rely on one mechanism everywhere (P3)

    @003/US3/AC1 @003/FR-007 @003/SC-001
    Scenario: US3/AC1 its routes are listed
      Given the running service
      When its routes are listed
      Then each one outside the public list resolves the caller through get_current_user_id
      And the public list is /health and /openapi.json

    @003/US3/AC2 @003/FR-013
    Scenario Outline: US3/AC2 the service starts
      Given a deployment whose secret is <secret>
      When the service starts
      Then it refuses to start
      And the message names the setting BETTER_AUTH_SECRET and not its value

      Examples:
        | secret                 |
        | missing                |
        | empty                  |
        | 31 bytes long          |
        | one character repeated |
        | a PEM public key       |
        | a JSON Web Key         |

    @003/US3/AC3 @003/FR-017
    Scenario: US3/AC3 anybody sends GET /health
      Given the running service
      When anybody sends GET /health
      Then the answer is 200
      And the body says that the service lives and is ready

    @003/US3/AC4 @003/FR-017 @003/FR-018
    Scenario: US3/AC4 anybody sends GET /health
      Given a service whose database is out of reach
      When anybody sends GET /health
      Then the answer is 503
      And the body says that the service lives and is not ready

    @003/US3/AC5 @003/FR-018
    Scenario: US3/AC5 "alice" sends GET /api/tasks
      Given a service whose database is out of reach
      When "alice" sends GET /api/tasks
      Then the answer is 503 with the code "service_unavailable"
      And the answer says when to try again

    @003/US3/AC6 @003/FR-007 @003/FR-030 @003/SC-001
    Scenario Outline: US3/AC6 the service is opened
      Given a service with an unprotected <route>
      When the service is opened
      Then it refuses to open
      And the message names the <route>, its place and the remedy

      Examples:
        | route           |
        | route           |
        | included route  |
        | hidden route    |
        | WebSocket route |
        | mounted folder  |

    @003/US3/AC7 @003/FR-013 @003/FR-023
    Scenario Outline: US3/AC7 the service starts
      Given a deployment with the settings <settings>
      When the service starts
      Then it refuses to start
      And the message names the setting <setting> and what is wrong with it

      Examples:
        | settings                                                       | setting                     |
        | JWT_ALGORITHMS=none                                            | JWT_ALGORITHMS              |
        | JWT_ALGORITHMS=hs256                                           | JWT_ALGORITHMS              |
        | JWT_ALGORITHMS=HS512                                           | JWT_ALGORITHMS              |
        | JWT_ALGORITHMS=HS256,EdDSA                                     | JWT_ALGORITHMS              |
        | JWT_ALGORITHMS=EdDSA,ES256                                     | JWT_ALGORITHMS              |
        | JWT_ALGORITHMS=EdDSA and a secret                              | BETTER_AUTH_SECRET          |
        | JWT_ALGORITHMS=EdDSA and a previous secret                     | BETTER_AUTH_SECRET_PREVIOUS |
        | JWT_ALGORITHMS=HS256 and JWKS_URL=https://auth.example/jwks    | JWKS_URL                    |
        | JWT_ALGORITHMS=ES256 and JWKS_URL=http://auth.example/jwks     | JWKS_URL                    |
        | JWT_ALGORITHMS=ES256 and JWKS_URL=file:///etc/jwks             | JWKS_URL                    |
        | JWT_ALGORITHMS=ES256 and BETTER_AUTH_URL=http://auth.example   | BETTER_AUTH_URL             |
        | JWT_ALGORITHMS=HS256 and FRONTEND_ORIGINS=*                    | FRONTEND_ORIGINS            |
        | JWT_ALGORITHMS=HS256 and FRONTEND_ORIGINS=null                 | FRONTEND_ORIGINS            |
        | JWT_ALGORITHMS=HS256 and FRONTEND_ORIGINS=https://app.example/ | FRONTEND_ORIGINS            |

    @003/US3/AC8 @003/FR-036
    Scenario Outline: US3/AC8 the service starts on it
      Given a database role that <power>
      When the service starts on it
      Then it refuses to start
      And the message says how to make the right role

      Examples:
        | power                  |
        | is a superuser         |
        | has BYPASSRLS          |
        | owns the tables        |
        | is in tasks_keeper     |
        | may become a superuser |

  Rule: US4 See and change one's own data only (P1)

    @003/US4/AC1 @003/FR-009
    Scenario Outline: US4/AC1 "bob" sends <request> for the task of "alice"
      Given "alice" has a task "Buy milk"
      When "bob" sends <request> for the task of "alice"
      Then the answer is 404 with the code "task_not_found"
      And the task of "alice" is unchanged

      Examples:
        | request                            |
        | GET /api/tasks/{task_id}           |
        | PUT /api/tasks/{task_id}           |
        | POST /api/tasks/{task_id}/complete |
        | DELETE /api/tasks/{task_id}        |

    @003/US4/AC2 @003/FR-009 @003/FR-019
    Scenario: US4/AC2 "bob" sends GET /api/tasks
      Given "alice" has a task "Buy milk"
      And "bob" has a task "Call home"
      When "bob" sends GET /api/tasks
      Then the list holds "Call home" and nothing else

    @003/US4/AC3 @003/FR-009
    Scenario: US4/AC3 "bob" asks for the task of "alice" and for a task that does not exist
      Given "alice" has a task "Buy milk"
      When "bob" asks for the task of "alice" and for a task that does not exist
      Then both answers are the same

    @003/US4/AC4 @003/FR-009 @003/FR-020
    Scenario: US4/AC4 "alice" creates a task that names "bob" as its owner
      Given "alice" is signed in
      When "alice" creates a task that names "bob" as its owner
      Then the answer is 422 with the code "request_invalid"
      And "bob" has no task

    @003/US4/AC5 @003/FR-019
    Scenario Outline: US4/AC5 "alice" sends <request> for the task of "alice"
      Given "alice" has a task "Buy milk"
      When "alice" sends <request> for the task of "alice"
      Then the answer is <status>
      And the task of "alice" is <state>

      Examples:
        | request                            | status | state     |
        | GET /api/tasks/{task_id}           | 200    | unchanged |
        | PUT /api/tasks/{task_id}           | 200    | updated   |
        | POST /api/tasks/{task_id}/complete | 200    | completed |
        | DELETE /api/tasks/{task_id}        | 204    | gone      |

    @003/US4/AC6 @003/FR-019
    Scenario: US4/AC6 "alice" reads the list in pages of 2
      Given "alice" has 5 tasks
      When "alice" reads the list in pages of 2
      Then the pages hold 2, 2 and 1 tasks
      And together they hold each task once

    @003/US4/AC7 @003/FR-020
    Scenario Outline: US4/AC7 "alice" sends POST /api/tasks with <body>
      Given "alice" is signed in
      When "alice" sends POST /api/tasks with <body>
      Then the answer is 422 with the code "request_invalid"
      And "alice" has no task

      Examples:
        | body                      |
        | no title                  |
        | an empty title            |
        | a title of 201 characters |
        | a title that holds NUL    |
        | a title that is a number  |
        | a body that is not JSON   |
        | a body that is not UTF-8  |

    @003/US4/AC8 @003/FR-009 @003/FR-035
    Scenario Outline: US4/AC8 the service's own role asks the database for all tasks as "<identity>"
      Given "alice" has a task "Buy milk"
      And "bob" has a task "Call home"
      When the service's own role asks the database for all tasks as "<identity>"
      Then the database shows the tasks of "<owners>" and no others

      Examples:
        | identity | owners |
        | alice    | alice  |
        | bob      | bob    |
        | carol    | nobody |
        | nobody   | nobody |

    @003/US4/AC9 @003/FR-009 @003/FR-035
    Scenario Outline: US4/AC9 the service's own role tries to <write> as "bob"
      Given "alice" has a task "Buy milk"
      And "bob" has a task "Call home"
      When the service's own role tries to <write> as "bob"
      Then the database <answer>
      And the task of "alice" is unchanged

      Examples:
        | write                        | answer          |
        | write a task for "alice"     | refuses it      |
        | give its own task to "alice" | refuses it      |
        | change the task of "alice"   | changes nothing |
        | delete the task of "alice"   | changes nothing |

  Rule: US5 Trust the keys that Better Auth publishes (P2)

    @003/US5/AC1 @003/FR-002 @003/FR-023
    Scenario Outline: US5/AC1 GET /api/me is sent with a token of the key set
      Given a deployment for "<algorithm>"
      When GET /api/me is sent with a token of the key set
      Then the answer is 200

      Examples:
        | algorithm |
        | EdDSA     |
        | ES256     |
        | ES384     |
        | ES512     |
        | RS256     |
        | PS256     |

    @003/US5/AC2 @003/FR-002 @003/FR-024
    Scenario Outline: US5/AC2 GET /api/me is sent with <credential>
      Given a deployment for "<algorithm>"
      When GET /api/me is sent with <credential>
      Then the answer is 401 with the code "token_invalid"
      And the challenge says "invalid_token"
      And the log gives the cause "<cause>" and nothing of the token

      @003/FR-024
      Examples:
        | algorithm | credential                                    | cause       |
        | EdDSA     | a token of a key that was never published     | unknown_key |
        | EdDSA     | a token of another key under a published name | signature   |
        | EdDSA     | a token that names the other published key    | signature   |
        | EdDSA     | a token that names no key while there are two | unknown_key |

      @003/FR-024 @003/FR-008
      Examples:
        | algorithm | credential                                    | cause       |
        | EdDSA     | a token whose kid is a number                 | header      |

      @003/FR-023
      Examples:
        | algorithm | credential                                    | cause       |
        | EdDSA     | a token signed with a shared secret           | algorithm   |
        | RS256     | a token signed with the public key as secret  | algorithm   |
        | RS256     | a token that calls its RS256 signature PS256  | algorithm   |

      @003/FR-002
      Examples:
        | algorithm | credential                                    | cause       |
        | ES256     | a token whose signature is DER                | signature   |
        | ES256     | a token whose signature is zeros              | signature   |

      @003/FR-033
      Examples:
        | algorithm | credential                                    | cause       |
        | EdDSA     | a session-cache token of the key set          | type        |
        | EdDSA     | a session-cache token of the key set, no type | audience    |

    @003/US5/AC3 @003/FR-025
    Scenario: US5/AC3 Better Auth signs with a new key
      Given a deployment for "EdDSA"
      When Better Auth signs with a new key
      And GET /api/me is sent with a token of the key set
      Then the answer is 200

    @003/US5/AC4 @003/FR-025 @003/FR-026
    Scenario Outline: US5/AC4 the key server <trouble>
      Given a deployment for "EdDSA"
      When the key server <trouble>
      And the keys are due
      And GET /api/me is sent with a token of the key set
      Then the answer is 200

      Examples:
        | trouble                  |
        | stops                    |
        | hangs                    |
        | trickles                 |
        | fails                    |
        | redirects                |
        | sends 100 MB             |
        | cuts the connection      |
        | answers with a page      |
        | answers with a list      |
        | answers with no keys     |
        | names two keys alike     |
        | shows unusable keys only |

    @003/US5/AC5 @003/FR-026
    Scenario Outline: US5/AC5 GET /api/me is sent with a token of the key set
      Given a deployment for "EdDSA" whose key server <trouble> from the start
      When GET /api/me is sent with a token of the key set
      Then the answer is 503 with the code "service_unavailable"
      And the answer says when to try again

      Examples:
        | trouble             |
        | stops               |
        | hangs               |
        | fails               |
        | answers with a page |

    @003/US5/AC6 @003/FR-026
    Scenario: US5/AC6 the key server stops
      Given a deployment for "EdDSA"
      When the key server stops
      And GET /api/me is sent with a token of a key that was never published
      Then the answer is 503 with the code "service_unavailable"
      And the answer says when to try again

    @003/US5/AC7 @003/FR-025
    Scenario: US5/AC7 1000 tokens of unknown keys are sent
      Given a deployment for "EdDSA"
      When 1000 tokens of unknown keys are sent
      Then each answer is 401
      And the key set was fetched once for all of them

    @003/US5/AC8 @003/FR-024 @003/FR-027
    Scenario Outline: US5/AC8 GET /api/me is sent with tokens of both keys
      Given a deployment for "<algorithm>" whose key set also shows <key>
      When GET /api/me is sent with tokens of both keys
      Then the answer is 200 for the usable key and 401 for the other

      Examples:
        | algorithm | key                                |
        | RS256     | an RSA key of 1024 bits            |
        | RS256     | an RSA key whose exponent is 1     |
        | RS256     | a key for encryption               |
        | RS256     | a key whose operations lack verify |
        | RS256     | a key of another algorithm         |
        | ES256     | a key on another curve             |
        | ES256     | a point that is not on its curve   |
        | EdDSA     | a private key                      |
        | EdDSA     | a shared secret                    |
        | EdDSA     | something that is no key           |

    @003/US5/AC9 @003/FR-017 @003/FR-026
    Scenario: US5/AC9 anybody sends GET /health
      Given a deployment for "EdDSA" whose key server stops from the start
      When anybody sends GET /health
      Then the answer is 503
      And the body says that the service lives and is not ready

  Rule: US6 Take access back, and grant less than everything (P3)

    @003/US6/AC1 @003/FR-031
    Scenario Outline: US6/AC1 the <denied> of "alice" is denied
      Given a service that keeps its deny-list in <place>
      When the <denied> of "alice" is denied
      And GET /api/me is sent with a token of <caller>
      Then the answer is <status>

      Examples:
        | place      | denied                    | caller                   | status |
        | memory     | session                   | the session of alice     | 401    |
        | memory     | session                   | another session of alice | 200    |
        | memory     | session                   | no session of alice      | 200    |
        | memory     | subject                   | the session of alice     | 401    |
        | memory     | subject                   | another session of alice | 401    |
        | memory     | subject                   | the session of bob       | 200    |
        | memory     | session at another issuer | the session of alice     | 200    |
        | postgresql | session                   | the session of alice     | 401    |
        | postgresql | session                   | another session of alice | 200    |
        | postgresql | session                   | no session of alice      | 200    |
        | postgresql | subject                   | the session of alice     | 401    |
        | postgresql | subject                   | another session of alice | 401    |
        | postgresql | subject                   | the session of bob       | 200    |
        | postgresql | session at another issuer | the session of alice     | 200    |

    @003/US6/AC2 @003/FR-029
    Scenario Outline: US6/AC2 the new endpoint is called with a token whose scope is "<scope>"
      Given a new endpoint that asks for the scope "tasks:write"
      When the new endpoint is called with a token whose scope is "<scope>"
      Then the answer is <status>

      Examples:
        | scope                  | status |
        | tasks:write            | 200    |
        | tasks:read tasks:write | 200    |
        | tasks:read             | 403    |
        | tasks:writer           | 403    |
        | none                   | 403    |

    @003/US6/AC3 @003/FR-029
    Scenario: US6/AC3 the new endpoint is called with a token whose scope is "tasks:read"
      Given a new endpoint that asks for the scope "tasks:write"
      When the new endpoint is called with a token whose scope is "tasks:read"
      Then the answer is 403 with the code "insufficient_scope"
      And the challenge asks for the scope "tasks:write"

  Rule: US7 Have one's data handed over, and erased for good (P2)

    @003/US7/AC1 @003/FR-010
    Scenario: US7/AC1 "alice" sends GET /api/account/export
      Given "alice" has a task "Buy milk"
      And "bob" has a task "Call home"
      When "alice" sends GET /api/account/export
      Then the answer is 200
      And the export names its format and holds "Buy milk" and nothing of "bob"

    @003/US7/AC2 @003/FR-009 @003/FR-011
    Scenario: US7/AC2 "alice" sends DELETE /api/account
      Given "alice" has a task "Buy milk"
      And "bob" has a task "Call home"
      When "alice" sends DELETE /api/account
      Then the answer is 204
      And nothing of "alice" is stored
      And the task of "bob" is unchanged

    @003/US7/AC3 @003/FR-011
    Scenario Outline: US7/AC3 "alice" sends <request> with a token that is still good
      Given "alice" has a task "Buy milk"
      And "alice" had her account erased
      When "alice" sends <request> with a token that is still good
      Then the answer is 410 with the code "account_erased"
      And nothing of "alice" is stored

      Examples:
        | request                            |
        | GET /api/tasks                     |
        | POST /api/tasks                    |
        | GET /api/tasks/{task_id}           |
        | PUT /api/tasks/{task_id}           |
        | POST /api/tasks/{task_id}/complete |
        | DELETE /api/tasks/{task_id}        |
        | GET /api/account/export            |

    @003/US7/AC4 @003/FR-011
    Scenario: US7/AC4 "alice" sends DELETE /api/account
      Given "alice" has a task "Buy milk"
      And "alice" had her account erased
      When "alice" sends DELETE /api/account
      Then the answer is 204
      And nothing of "alice" is stored

    @003/US7/AC5 @003/FR-040
    Scenario: US7/AC5 "alice" exports and erases her account
      Given "alice" has a task "Buy milk"
      When "alice" exports and erases her account
      Then the audit lists both under one pseudonym and nothing that identifies her

  Rule: US8 Sign in through the real Better Auth, in a browser (P1)

    @003/US8/AC1 @003/FR-050
    Scenario Outline: US8/AC1 a page of "https://app.example" sends a preflight for <request>
      Given pages of the front end at "https://app.example"
      When a page of "https://app.example" sends a preflight for <request>
      Then the answer is 200
      And the answer allows only the headers "Authorization" and "Content-Type", and only for "https://app.example"

      Examples:
        | request                                             |
        | GET /api/tasks                                      |
        | POST /api/tasks                                     |
        | PUT /api/tasks/0190a5d2-0000-4000-8000-000000000000 |
        | DELETE /api/account                                 |
        | GET /api/nothing                                    |

    @003/US8/AC2 @003/FR-050
    Scenario Outline: US8/AC2 a page of "https://app.example" sends <request> with <credential>
      Given pages of the front end at "https://app.example"
      And "alice" is signed in
      When a page of "https://app.example" sends <request> with <credential>
      Then the answer is <status>
      And a page of "https://app.example" may read the answer

      Examples:
        | request                | credential                         | status |
        | GET /api/tasks         | the token of "alice"               | 200    |
        | GET /api/tasks         | no credential                      | 401    |
        | GET /api/tasks         | a token signed with another secret | 401    |
        | GET /api/tasks         | an expired token                   | 401    |
        | GET /api/tasks?limit=0 | the token of "alice"               | 422    |
        | GET /api/nothing       | the token of "alice"               | 404    |

    @003/US8/AC3 @003/FR-050
    Scenario Outline: US8/AC3 a page of "<origin>" sends GET /api/tasks with the token of "alice"
      Given pages of the front end at "https://app.example"
      And "alice" is signed in
      When a page of "<origin>" sends GET /api/tasks with the token of "alice"
      Then no page of "<origin>" may read the answer

      Examples:
        | origin                   |
        | https://evil.example     |
        | http://app.example       |
        | https://app.example:8443 |
        | https://sub.app.example  |
        | https://app.example.evil |
        | null                     |

    @003/US8/AC4 @003/FR-051
    Scenario Outline: US8/AC4 the role "<role>" tries to <act> the table "<table>"
      Given Better Auth's tables beside the service's
      When the role "<role>" tries to <act> the table "<table>"
      Then the database refuses it

      Examples:
        | role         | act    | table             |
        | tasks_app    | read   | auth.user         |
        | tasks_app    | write  | auth.user         |
        | tasks_app    | read   | auth.session      |
        | tasks_app    | read   | auth.verification |
        | tasks_app    | read   | auth.jwks         |
        | tasks_keeper | read   | auth.user         |
        | tasks_keeper | delete | auth.user         |
        | auth_service | read   | public.tasks      |
        | auth_service | write  | public.tasks      |
        | auth_service | read   | public.erasures   |
        | auth_service | read   | public.audit      |

    @003/US8/AC5 @003/FR-052
    Scenario Outline: US8/AC5 GET /api/me is sent with the token of Better Auth
      Given a deployment for tokens of Better Auth in the mode "<mode>"
      When GET /api/me is sent with the token of Better Auth
      Then the answer is 200

      Examples:
        | mode          |
        | shared-secret |
        | jwks          |

    @003/US8/AC6 @003/FR-023 @003/FR-052
    Scenario Outline: US8/AC6 GET /api/me is sent with the token of Better Auth in the mode "<other>"
      Given a deployment for tokens of Better Auth in the mode "<mode>"
      When GET /api/me is sent with the token of Better Auth in the mode "<other>"
      Then the answer is 401 with the code "token_invalid"
      And the log gives the cause "algorithm" and nothing of the token

      Examples:
        | mode          | other         |
        | shared-secret | jwks          |
        | jwks          | shared-secret |

  Rule: Edge cases

    @003/EC1 @003/FR-008
    Scenario Outline: EC1 GET /api/me is sent with <credential>
      Given "alice" is signed in
      When GET /api/me is sent with <credential>
      Then the answer is 401 with the code "token_invalid"
      And the log gives the cause "<cause>" and nothing of the token

      Examples:
        | credential                                  | cause      |
        | a token with a space at its end             | characters |
        | a token with an emoji inside                | characters |
        | a token with NUL inside                     | characters |
        | a token of two parts                        | parts      |
        | a token of five parts                       | parts      |
        | a token whose header is 1500 brackets       | header     |
        | a token whose header is a JSON list         | header     |
        | a token whose header is nested too deeply   | header     |
        | a token whose payload is nested too deeply  | payload    |
        | a token whose header is not base64          | encoding   |
        | a token whose payload is a JSON list        | payload    |
        | a token whose payload is not JSON           | payload    |
        | a token whose payload is UTF-16             | payload    |
        | a token whose payload is not UTF-8          | payload    |
        | a token whose payload has a byte order mark | payload    |

    @003/EC2 @003/FR-004 @003/FR-012
    Scenario: EC2 GET /api/me is sent with a token without sub
      Given "alice" is signed in
      When GET /api/me is sent with a token without sub
      Then the answer is 401 with the code "token_invalid"
      And the log gives the cause "missing_claim" and nothing of the token

    @003/EC3 @003/FR-003 @003/FR-016
    Scenario Outline: EC3 GET /api/me is sent with a token that ended <age> seconds ago
      Given a leeway of 10 seconds
      When GET /api/me is sent with a token that ended <age> seconds ago
      Then the answer is <status>

      Examples:
        | age | status |
        | 0   | 200    |
        | 9   | 200    |
        | 10  | 401    |
        | 11  | 401    |

    @003/EC4 @003/FR-008
    Scenario Outline: EC4 GET /api/me is sent with a valid token of <size> bytes
      Given "alice" is signed in
      When GET /api/me is sent with a valid token of <size> bytes
      Then the answer is <status>

      Examples:
        | size    | status |
        | 8192    | 200    |
        | 8193    | 401    |
        | 1000000 | 401    |

    @003/EC5 @003/FR-014
    Scenario Outline: EC5 GET /api/me is sent <when> with a token of the <secret> secret
      Given a secret that was rotated with the previous one accepted until noon
      When GET /api/me is sent <when> with a token of the <secret> secret
      Then the answer is <status>

      Examples:
        | when                   | secret   | status |
        | one second before noon | previous | 200    |
        | at noon                | previous | 401    |
        | one second after noon  | previous | 401    |
        | one second before noon | current  | 200    |
        | one second after noon  | current  | 200    |
        | one second before noon | unknown  | 401    |

    @003/EC6 @003/FR-028
    Scenario Outline: EC6 GET /api/me is sent with a token issued <age> seconds ago that ends in a year
      Given a maximum age of 600 seconds and no leeway
      When GET /api/me is sent with a token issued <age> seconds ago that ends in a year
      Then the answer is <status>

      Examples:
        | age | status |
        | 599 | 200    |
        | 600 | 401    |
        | 601 | 401    |

    @003/EC7 @003/FR-032
    Scenario Outline: EC7 GET /api/me is sent with a token that was accepted before it <event>
      Given "alice" is signed in
      When GET /api/me is sent with a token that was accepted before it <event>
      Then the answer is 401

      Examples:
        | event                                   |
        | expired                                 |
        | was signed by a secret that ended       |
        | was signed by a key that was taken away |
        | was denied                              |

    @003/EC8 @003/FR-001 @003/FR-008
    Scenario: EC8 GET /api/me is sent with two Authorization headers
      Given "alice" is signed in
      When GET /api/me is sent with two Authorization headers
      Then the answer is 401 with the code "credentials_malformed"

    @003/EC9 @003/FR-009
    Scenario: EC9 all of them list their tasks 25 times at once
      Given 8 users with a task each
      When all of them list their tasks 25 times at once
      Then each answer holds the caller's own task and nothing else
