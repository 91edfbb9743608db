/// The description of the HTTP API that the server gives away; written by Scripts/openapi.
enum OpenAPIText {
    /// docs/openapi.yaml.
    // swift-format-ignore
    static let yaml = #"""
        openapi: 3.1.0
        info:
          title: Dosette
          version: "1"
          summary: Orders of a home-delivery pharmacy, carried through Provet Cloud.
          description: |
            What is answered with 200, 201 or 202 to a change is on disk. Every "no" is a problem document
            (RFC 9457) that names all broken rules at once. Each path that takes GET takes HEAD as well, and
            each path answers OPTIONS with the methods that it takes. Further members may come into answers;
            requests are read strictly, and an unknown member or parameter is refused by name. What is no HTTP at
            all is answered 400 without a body.

            `x-right` names the right that a call asks for, `x-further-rights` those of which it asks for some besides,
            by what is in it; each role of a token has some of them (docs/api.md lists which). Without the right the answer
            is 403 with the rule `right_needed`. A call that no token is due for has neither.

            See docs/api.md of the software for the feed, webhooks and idempotency in words.
          license:
            name: Apache-2.0
            identifier: Apache-2.0
        servers:
          - url: http://127.0.0.1:8787
            description: As `dosette serve` listens unless it is told otherwise.
        security:
          - bearer: []
        tags:
          - name: orders
            description: Taking orders in, showing them, deciding on them, counting what is handed over.
          - name: proposals
            description: What one person proposes and a second one confirms; dry runs.
          - name: clients
            description: What is kept about a client, and forgetting it.
          - name: clinics
            description: The clinics that the pharmacy serves.
          - name: evidence
            description: The journal's key and copies.
          - name: feed
            description: The whole journal, oldest first, and live.
          - name: webhooks
            description: Events that Dosette sends to the pharmacy's own systems.
          - name: provet
            description: What a clinic's Provet calls. A secret in the path stands for the right to call.
          - name: health
            description: Probes, metrics, and this document.
        paths:
          /v1/orders:
            get:
              operationId: listOrders
              x-right: look
              tags: [orders]
              summary: Lists orders, oldest first.
              parameters:
                - $ref: '#/components/parameters/State'
                - $ref: '#/components/parameters/Clinic'
                - $ref: '#/components/parameters/Source'
                - $ref: '#/components/parameters/Cursor'
                - $ref: '#/components/parameters/Limit'
              responses:
                '200':
                  description: A page of orders.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderPage'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
            post:
              operationId: submitOrder
              x-right: take_in
              tags: [orders]
              summary: Takes an order in.
              description: |
                An order is known by source and order_id: the same content again answers 200 with the order as it is
                now, other content answers 409. That makes the call idempotent by itself, and an Idempotency-Key is not needed; one
                that is given must not have stood for another order lately (422).
              parameters:
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Order'}
                    examples:
                      order: {$ref: '#/components/examples/order'}
                      delivery: {$ref: '#/components/examples/delivery'}
              responses:
                '202':
                  description: It is on disk.
                  headers:
                    Location: {$ref: '#/components/headers/Location'}
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderView'}
                '200':
                  description: The same order was taken in before.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderView'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/orders/batch:
            post:
              operationId: submitOrders
              x-right: take_in
              tags: [orders]
              summary: Takes many orders in, one a line.
              description: |
                The answer is written while the body is read: a line for each line, in their order. A bad line does not
                stop the others. A body of up to 64 MiB; lines of up to 48 KiB. Each line is idempotent by source and
                order_id, so the same batch may be sent again; an Idempotency-Key is taken and checked for its form.
              parameters:
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/x-ndjson:
                    schema:
                      type: string
                      description: Order documents, one a line.
                    examples:
                      batch: {$ref: '#/components/examples/batch'}
              responses:
                '200':
                  description: What became of each line.
                  content:
                    application/x-ndjson:
                      schema:
                        type: string
                        description: >-
                          A line of JSON for each line: `line` from 1, `order_id` or null, `status` as the call for
                          one order would have had it, and `problem` where it was not taken.
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
          /v1/orders/{source}/{order_id}:
            get:
              operationId: showOrder
              x-right: look
              tags: [orders]
              summary: Shows an order as it is now.
              description: |
                `waiting.detail` says what holds it back at this moment beyond what its own events say.
                The ETag changes with everything that is shown.
              parameters:
                - $ref: '#/components/parameters/SourcePath'
                - $ref: '#/components/parameters/OrderPath'
                - $ref: '#/components/parameters/IfNoneMatch'
              responses:
                '200':
                  description: The order.
                  headers:
                    ETag: {$ref: '#/components/headers/ETag'}
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderView'}
                '304':
                  description: Nothing has changed since the ETag in If-None-Match.
                  headers:
                    ETag: {$ref: '#/components/headers/ETag'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/orders/{source}/{order_id}/events:
            get:
              operationId: showHistory
              x-right: look
              x-further-rights: [read_personal]
              tags: [orders]
              summary: Shows the order's history, oldest first.
              description: |
                `opened` (the default) has what is personal in its place, asks for `read_personal` besides, and who reads it is
                recorded; `sealed` has the entries as they are hashed.
              parameters:
                - $ref: '#/components/parameters/SourcePath'
                - $ref: '#/components/parameters/OrderPath'
                - $ref: '#/components/parameters/HistoryForm'
                - $ref: '#/components/parameters/By'
                - $ref: '#/components/parameters/For'
              responses:
                '200':
                  description: The history.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/History'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/orders/{source}/{order_id}/signals:
            post:
              operationId: signalOrder
              x-right: look
              x-further-rights: [cancel, decide, repair]
              tags: [orders]
              summary: Tells an order something.
              description: |
                202 means that it is on disk; it takes effect at Provet later.
                The right goes by the signal: `repair` for retry, adopt, resend, give_up and force_…, but `decide` for force_accepted, force_accepted_warning and force_rejected; `cancel` for cancel and remark;
                `decide` for any other. What the configuration's `four_eyes` names is refused here (409, `four_eyes`).
                With If-Match nothing is done unless the order is still at that version.
              parameters:
                - $ref: '#/components/parameters/SourcePath'
                - $ref: '#/components/parameters/OrderPath'
                - $ref: '#/components/parameters/IdempotencyKey'
                - $ref: '#/components/parameters/IfMatch'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Signal'}
                    examples:
                      accept: {$ref: '#/components/examples/accept'}
                      cancel: {$ref: '#/components/examples/cancel'}
                      adopt: {$ref: '#/components/examples/adopt'}
                      deliver: {$ref: '#/components/examples/deliver'}
              responses:
                '202':
                  description: It is on disk; the order afterwards.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderView'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '412': {$ref: '#/components/responses/Changed'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/orders/{source}/{order_id}/dispenses:
            post:
              operationId: recordDispense
              x-right: dispense
              tags: [orders]
              summary: Records that something was handed over.
              parameters:
                - $ref: '#/components/parameters/SourcePath'
                - $ref: '#/components/parameters/OrderPath'
                - $ref: '#/components/parameters/IdempotencyKey'
                - $ref: '#/components/parameters/IfMatch'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Dispense'}
                    examples:
                      dispense: {$ref: '#/components/examples/dispense'}
              responses:
                '201':
                  description: It is on disk; the order afterwards.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderView'}
                '200':
                  description: The same dispense was recorded before.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderView'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '412': {$ref: '#/components/responses/Changed'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/orders/{source}/{order_id}/dispenses/{dispense_id}/reversal:
            post:
              operationId: reverseDispense
              x-right: dispense
              tags: [orders]
              summary: Takes a dispense back.
              parameters:
                - $ref: '#/components/parameters/SourcePath'
                - $ref: '#/components/parameters/OrderPath'
                - $ref: '#/components/parameters/DispensePath'
                - $ref: '#/components/parameters/IdempotencyKey'
                - $ref: '#/components/parameters/IfMatch'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      reversal: {$ref: '#/components/examples/reversal'}
              responses:
                '201':
                  description: It is on disk; the order afterwards.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderView'}
                '200':
                  description: It was taken back before.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/OrderView'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '412': {$ref: '#/components/responses/Changed'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/orders/{source}/{order_id}/plan:
            post:
              operationId: planSignal
              x-right: look
              x-further-rights: [cancel, decide, read_personal, repair]
              tags: [proposals]
              summary: 'A dry run: what a signal would lead to now.'
              description: |
                Nothing is written or sent, but that it was looked at: the requests may tell of people. Besides `read_personal`
                it asks for the right of the signal itself. What would be refused is told in `refused`, with 200.
              parameters:
                - $ref: '#/components/parameters/SourcePath'
                - $ref: '#/components/parameters/OrderPath'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/DrySignal'}
                    examples:
                      dryCancel: {$ref: '#/components/examples/dryCancel'}
                      dryResend: {$ref: '#/components/examples/dryResend'}
              responses:
                '200':
                  description: What it would lead to.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/SignalPlan'}
                      examples:
                        plan: {$ref: '#/components/examples/plan'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/proposals:
            get:
              operationId: listProposals
              x-right: see_proposals
              tags: [proposals]
              summary: Lists proposals, the newest first.
              description: |
                Those of the last 30 days and those made since the server started, 5,000 at the most; the journal has all of them.
              parameters:
                - $ref: '#/components/parameters/ProposalState'
                - $ref: '#/components/parameters/Limit'
              responses:
                '200':
                  description: The proposals.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ProposalPage'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
            post:
              operationId: propose
              x-right: look
              x-further-rights: [cancel, manage_clients, repair]
              tags: [proposals]
              summary: Proposes a decision on orders, or to forget a client.
              description: |
                It asks for the right of what is proposed. What the configuration's `four_eyes` names waits, `open`, until
                somebody else confirms it, seven days at the most; anything else is done at once, and the answer says what
                came of it. The same proposal of the same person within a minute is answered with the first one, while it is open.
              parameters:
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/ProposalDraft'}
                    examples:
                      proposeResend: {$ref: '#/components/examples/proposeResend'}
                      proposeAdopt: {$ref: '#/components/examples/proposeAdopt'}
                      proposeMany: {$ref: '#/components/examples/proposeMany'}
                      proposeForget: {$ref: '#/components/examples/proposeForget'}
              responses:
                '201':
                  description: It is on disk, and done where no second person is needed.
                  headers:
                    Location: {$ref: '#/components/headers/ProposalLocation'}
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Proposal'}
                      examples:
                        proposal: {$ref: '#/components/examples/openProposal'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/proposals/{proposal}:
            get:
              operationId: showProposal
              x-right: see_proposals
              tags: [proposals]
              summary: Shows a proposal.
              parameters:
                - $ref: '#/components/parameters/ProposalPath'
              responses:
                '200':
                  description: The proposal.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Proposal'}
                      examples:
                        proposal: {$ref: '#/components/examples/doneProposal'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
          /v1/proposals/{proposal}/confirm:
            post:
              operationId: confirmProposal
              x-right: confirm
              tags: [proposals]
              summary: Confirms a proposal as a second person.
              description: |
                What it is about is done before this answers; `results` says for each order what came of it. Whoever made the
                proposal is refused with the rule `same_person`, one that is no longer open with `not_open`.
              parameters:
                - $ref: '#/components/parameters/ProposalPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/confirm'}
              responses:
                '200':
                  description: It is on disk; the proposal afterwards.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Proposal'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/proposals/{proposal}/withdraw:
            post:
              operationId: withdrawProposal
              x-right: see_proposals
              x-further-rights: [cancel, manage_clients, repair]
              tags: [proposals]
              summary: Takes an open proposal back.
              description: |
                Nothing of it is done. It asks for the right that making the proposal asks for.
              parameters:
                - $ref: '#/components/parameters/ProposalPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/withdraw'}
              responses:
                '200':
                  description: It is on disk; the proposal afterwards.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Proposal'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/events:
            get:
              operationId: followJournal
              x-right: audit
              tags: [feed]
              summary: The whole journal as a feed, oldest first.
              description: |
                Sealed entries only: what is personal is not in it. Gapless and without repetition; only what is on disk.
                NDJSON ends with the page; ask again with `after` from Dosette-Next, and with `wait` to wait for more.
                With `Accept: text/event-stream` the answer goes on as server-sent events whose id is the position, and
                Last-Event-ID (or `after`) says where it goes on. A 409 with the rule `ahead_of_journal` means that this
                journal is shorter than what was read of it: an older copy has been restored.
              parameters:
                - $ref: '#/components/parameters/After'
                - $ref: '#/components/parameters/FeedLimit'
                - $ref: '#/components/parameters/Wait'
                - $ref: '#/components/parameters/FeedForm'
                - $ref: '#/components/parameters/LastEventID'
              responses:
                '200':
                  description: Entries of the journal.
                  headers:
                    Dosette-Next: {$ref: '#/components/headers/DosetteNext'}
                  content:
                    application/x-ndjson:
                      schema:
                        type: string
                        description: An entry a line, as docs/journal.md describes it.
                    text/event-stream:
                      schema:
                        type: string
                        description: Events `journal`, each with the position as its id and an entry as its data.
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/webhooks:
            get:
              operationId: listWebhooks
              x-right: read_settings
              tags: [webhooks]
              summary: Shows each endpoint and how far it is.
              responses:
                '200':
                  description: The endpoints.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/WebhookPage'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/webhooks/{webhook}/replay:
            post:
              operationId: replayWebhook
              x-right: manage_webhooks
              tags: [webhooks]
              summary: Sends events again.
              description: |
                `from` is a position of the journal, from which on everything chosen is sent again, or `dead`: the
                dead letters, each once. An endpoint that answered 410 is enabled by it.
              parameters:
                - $ref: '#/components/parameters/WebhookPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Replay'}
                    examples:
                      replay: {$ref: '#/components/examples/replay'}
                      replayDead: {$ref: '#/components/examples/replayDead'}
              responses:
                '200':
                  description: It begins; the endpoint afterwards.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Webhook'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clients/{clinic}/{client_id}:
            get:
              operationId: showClient
              x-right: read_clients
              tags: [clients]
              summary: Shows which keys of a client are kept, and until when.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/ClientPath'
              responses:
                '200':
                  description: What is kept.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClientView'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clients/{clinic}/{client_id}/forget:
            post:
              operationId: forgetClient
              x-right: manage_clients
              tags: [clients]
              summary: 'Forgets a client: destroys the keys that need not be kept.'
              description: |
                What must be kept is destroyed when its time is over. Refused while an order of the client is open or a legal hold lies on it.
                Where the configuration's `four_eyes` names forget, it has to be proposed (409, `four_eyes`).
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/ClientPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/decision'}
              responses:
                '200':
                  description: It is in the journal; what is kept now.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClientView'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clients/{clinic}/{client_id}/hold:
            post:
              operationId: holdClient
              x-right: manage_clients
              tags: [clients]
              summary: Puts a legal hold on a client.
              description: |
                Nothing of the client is destroyed until it is released.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/ClientPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/decision'}
              responses:
                '200':
                  description: It is in the journal; what is kept now.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClientView'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clients/{clinic}/{client_id}/release:
            post:
              operationId: releaseClient
              x-right: manage_clients
              tags: [clients]
              summary: Ends a legal hold.
              description: |
                What was asked to be forgotten meanwhile goes.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/ClientPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/decision'}
              responses:
                '200':
                  description: It is in the journal; what is kept now.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClientView'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics:
            get:
              operationId: listClinics
              x-right: read_clinics
              tags: [clinics]
              summary: Lists the clinics.
              responses:
                '200':
                  description: The clinics.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClinicPage'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
            post:
              operationId: putClinic
              x-right: manage_clinics
              tags: [clinics]
              summary: Adds a clinic, or changes one that was added.
              description: |
                Its credentials are tried at Provet first; 200 means that they signed in and that the clinic is on disk.
              parameters:
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/ClinicDraft'}
                    examples:
                      clinic: {$ref: '#/components/examples/clinic'}
              responses:
                '200':
                  description: The clinic, with what was found out about it.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Clinic'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics/{clinic}:
            get:
              operationId: showClinic
              x-right: read_clinics
              tags: [clinics]
              summary: Shows a clinic.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
              responses:
                '200':
                  description: The clinic.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Clinic'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
            delete:
              operationId: removeClinic
              x-right: manage_clinics
              tags: [clinics]
              summary: Takes a disabled clinic without open orders away.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/decision'}
              responses:
                '204':
                  description: It is gone, and the journal says so.
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics/{clinic}/disable:
            post:
              operationId: disableClinic
              x-right: manage_clinics
              tags: [clinics]
              summary: 'Holds a clinic back: nothing is taken for it or sent to it.'
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/decision'}
              responses:
                '200':
                  description: It is on disk; the clinic afterwards.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Clinic'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics/{clinic}/enable:
            post:
              operationId: enableClinic
              x-right: manage_clinics
              tags: [clinics]
              summary: Lets a clinic go on.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/decision'}
              responses:
                '200':
                  description: It is on disk; the clinic afterwards.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Clinic'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics/{clinic}/check:
            get:
              operationId: checkClinic
              x-right: read_clinics
              tags: [clinics]
              summary: Signs in at Provet and tries each permission; changes nothing there.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
              responses:
                '200':
                  description: What was found.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClinicCheck'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics/{clinic}/settings:
            get:
              operationId: showClinicSettings
              x-right: read_clinics
              tags: [clinics]
              summary: Shows what the fee needs of the departments' settings, read now.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
              responses:
                '200':
                  description: The settings.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClinicSettings'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics/{clinic}/buttons:
            get:
              operationId: showButtons
              x-right: manage_clinics
              tags: [clinics]
              summary: Shows what to type into Provet for the buttons; with their salt.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
              responses:
                '200':
                  description: The buttons.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Buttons'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
            post:
              operationId: createButtons
              x-right: manage_clinics
              tags: [clinics]
              summary: Makes the buttons that are missing at Provet.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Person'}
                    examples:
                      person: {$ref: '#/components/examples/person'}
              responses:
                '200':
                  description: The buttons.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Buttons'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics/{clinic}/webhooks:
            get:
              operationId: showClinicWebhooks
              x-right: manage_clinics
              tags: [clinics]
              summary: Shows which of Provet's webhooks lead here.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
              responses:
                '200':
                  description: The webhooks.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClinicWebhooks'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
            post:
              operationId: createClinicWebhooks
              x-right: manage_clinics
              tags: [clinics]
              summary: Makes the webhooks that are missing at Provet.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Person'}
                    examples:
                      person: {$ref: '#/components/examples/person'}
              responses:
                '200':
                  description: The webhooks.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/ClinicWebhooks'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/clinics/{clinic}/prescriptions/{prescription}:
            get:
              operationId: showPrescription
              x-right: read_personal
              tags: [clinics]
              summary: Shows a prescription as Provet has it now; who reads it is recorded.
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/PrescriptionPath'
                - $ref: '#/components/parameters/By'
              responses:
                '200':
                  description: Provet's own document.
                  content:
                    application/json:
                      schema: {type: object}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/audit/rotate-key:
            post:
              operationId: rotateKey
              x-right: manage_keys
              tags: [evidence]
              summary: Gives the log a new signing key.
              parameters:
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Decision'}
                    examples:
                      decision: {$ref: '#/components/examples/decision'}
              responses:
                '200':
                  description: The new key stands in the journal; the old one is gone.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/RotatedKey'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/backup:
            get:
              operationId: backup
              x-right: back_up
              tags: [evidence]
              summary: Sends a copy of the journal as it is now; one at a time.
              responses:
                '200':
                  description: A SQLite file.
                  headers:
                    Dosette-Tree-Head:
                      description: Size and root of the tree that the copy begins with.
                      required: true
                      schema: {type: string}
                  content:
                    application/vnd.sqlite3:
                      schema: {type: string, format: binary}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /v1/openapi.yaml:
            get:
              operationId: showDocument
              tags: [health]
              summary: This document.
              security: []
              responses:
                '200':
                  description: This document.
                  content:
                    application/yaml:
                      schema: {type: object}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '422': {$ref: '#/components/responses/Invalid'}
                '500': {$ref: '#/components/responses/InternalError'}
          /hooks/{clinic}/{token}:
            post:
              operationId: hook
              tags: [provet]
              summary: Takes a webhook of a clinic's Provet.
              description: |
                It says that something may have changed; what it says is looked up, never believed. A wrong token is
                answered like a path that is not there.
              security: []
              parameters:
                - $ref: '#/components/parameters/ClinicPath'
                - $ref: '#/components/parameters/TokenPath'
              requestBody:
                required: true
                content:
                  application/x-www-form-urlencoded:
                    schema: {type: object}
                    examples:
                      form: {value: {invoice_id: '12'}}
                  application/json:
                    schema: {type: object}
                    examples:
                      json: {value: {invoice_id: 12}}
              responses:
                '200':
                  description: It was heard.
                '400': {$ref: '#/components/responses/NotJSON'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '500': {$ref: '#/components/responses/InternalError'}
          /hookup/{token}:
            post:
              operationId: hookUp
              tags: [provet]
              summary: Takes the credentials that a clinic's Provet sends.
              description: |
                200 means that they have signed in and that the clinic is served.
              security: []
              parameters:
                - $ref: '#/components/parameters/TokenPath'
              requestBody:
                required: true
                content:
                  application/x-www-form-urlencoded:
                    schema: {type: object}
                    examples:
                      hookup: {$ref: '#/components/examples/hookup'}
                  application/json:
                    schema: {type: object}
                    examples:
                      hookup: {$ref: '#/components/examples/hookup'}
              responses:
                '200':
                  description: The clinic is served.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Clinic'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /hookup/{token}/{name}:
            post:
              operationId: hookUpAs
              tags: [provet]
              summary: Takes the credentials that a clinic's Provet sends.
              description: |
                200 means that they have signed in and that the clinic is served.
              security: []
              parameters:
                - $ref: '#/components/parameters/TokenPath'
                - $ref: '#/components/parameters/NamePath'
              requestBody:
                required: true
                content:
                  application/x-www-form-urlencoded:
                    schema: {type: object}
                    examples:
                      hookup: {$ref: '#/components/examples/hookup'}
                  application/json:
                    schema: {type: object}
                    examples:
                      hookup: {$ref: '#/components/examples/hookup'}
              responses:
                '200':
                  description: The clinic is served.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Clinic'}
                '400': {$ref: '#/components/responses/NotJSON'}
                '404': {$ref: '#/components/responses/NotFound'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '500': {$ref: '#/components/responses/InternalError'}
                '503': {$ref: '#/components/responses/Unavailable'}
          /health/live:
            get:
              operationId: live
              tags: [health]
              summary: Whether the server answers.
              security: []
              responses:
                '200':
                  description: It does.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [live]
                        properties: {live: {const: true}}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '500': {$ref: '#/components/responses/InternalError'}
          /health/ready:
            get:
              operationId: ready
              tags: [health]
              summary: Whether orders are taken and worked on.
              description: |
                How the clinics are is told, not judged.
              security: []
              responses:
                '200':
                  description: They are.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Readiness'}
                '503':
                  description: They are not.
                  headers:
                    Retry-After: {$ref: '#/components/headers/RetryAfter'}
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Readiness'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '500': {$ref: '#/components/responses/InternalError'}
          /metrics:
            get:
              operationId: metrics
              x-right: measure
              tags: [health]
              summary: Numbers for Prometheus.
              responses:
                '200':
                  description: Prometheus' text format.
                  content:
                    text/plain:
                      schema: {type: string}
                '401': {$ref: '#/components/responses/Unauthorized'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '405': {$ref: '#/components/responses/MethodNotAllowed'}
                '429': {$ref: '#/components/responses/TooManyCalls'}
                '500': {$ref: '#/components/responses/InternalError'}
        components:
          securitySchemes:
            bearer:
              type: http
              scheme: bearer
              description: >-
                A token of the tokens file; its owner is who acts. On loopback without a tokens file none is
                due, and `by` says who acts.
          headers:
            RetryAfter:
              description: Seconds until asking again makes sense.
              required: true
              schema: {type: integer, minimum: 1}
            Location:
              description: The order's path.
              required: true
              schema: {type: string, pattern: '^/v1/orders/'}
            ProposalLocation:
              description: The proposal's path.
              required: true
              schema: {type: string, pattern: '^/v1/proposals/'}
            ETag:
              description: A strong tag; its first part is the order's version.
              required: true
              schema: {type: string, pattern: '^"[0-9]+(-[0-9a-f]+)?"$'}
            DosetteNext:
              description: What to give as `after` next; not with server-sent events, whose ids say it.
              schema: {type: integer, minimum: -1}
          parameters:
            SourcePath: {name: source, in: path, required: true, schema: {$ref: '#/components/schemas/Name'}, example: webshop}
            OrderPath: {name: order_id, in: path, required: true, schema: {$ref: '#/components/schemas/Name'}, example: HD-1}
            DispensePath: {name: dispense_id, in: path, required: true, schema: {type: string, minLength: 1}, example: D-1}
            ClinicPath: {name: clinic, in: path, required: true, schema: {$ref: '#/components/schemas/Name'}, example: nordic-vets}
            ClientPath: {name: client_id, in: path, required: true, schema: {$ref: '#/components/schemas/ID'}, example: 1}
            PrescriptionPath: {name: prescription, in: path, required: true, schema: {$ref: '#/components/schemas/ID'}, example: 1}
            ProposalPath: {name: proposal, in: path, required: true, schema: {type: string, minLength: 1}, example: 01K33M2S4GFS9B8PCCDWTX1A75}
            TokenPath: {name: token, in: path, required: true, schema: {type: string, minLength: 1}}
            NamePath: {name: name, in: path, required: true, schema: {$ref: '#/components/schemas/Name'}, example: baltic-vets}
            WebhookPath: {name: webhook, in: path, required: true, schema: {$ref: '#/components/schemas/Name'}, example: warehouse}
            State:
              name: state
              in: query
              description: A state of the prescription, `parked`, or `open`.
              schema:
                enum: [draft, sending, sent, accepted, accepted_warning, rejected, canceled, error, unknown, parked, open]
            Clinic: {name: clinic, in: query, schema: {$ref: '#/components/schemas/Name'}}
            Source: {name: source, in: query, schema: {$ref: '#/components/schemas/Name'}}
            Cursor:
              name: cursor
              in: query
              description: The `next` of the page before.
              schema: {type: string, pattern: '^o[0-9a-z]+$'}
            Limit: {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 1000, default: 100}}
            ProposalState: {name: state, in: query, schema: {enum: [open, confirmed, withdrawn, done, lapsed]}}
            HistoryForm: {name: form, in: query, schema: {enum: [opened, sealed]}}
            By:
              name: by
              in: query
              description: Who reads, where no token says it.
              schema: {type: string, minLength: 1, maxLength: 200}
            For:
              name: for
              in: query
              description: What it is read for.
              schema: {enum: [history, package]}
            IdempotencyKey:
              name: Idempotency-Key
              in: header
              description: >-
                1 to 64 visible ASCII characters. The same key with the same request answers as the first time;
                with another one it is refused.
              schema: {type: string, minLength: 1, maxLength: 64, pattern: '^[!-~]+$'}
            IfNoneMatch:
              name: If-None-Match
              in: header
              description: An ETag, several, or `*`.
              schema: {type: string}
              example: '"7-00112233445566aa"'
            IfMatch:
              name: If-Match
              in: header
              description: >-
                An ETag, several, or `*`. What counts is the order's version, the tag's first part: what else
                the tag covers is not what is decided on.
              schema: {type: string, pattern: '^\*$'}
              example: '*'
            After:
              name: after
              in: query
              description: The position of the last entry that was read; -1, or nothing, for the beginning.
              schema: {type: integer, minimum: -1}
              example: 3
            FeedLimit: {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 1000, default: 100}}
            Wait:
              name: wait
              in: query
              description: Seconds to wait for an entry where there is none yet.
              schema: {type: integer, minimum: 0, maximum: 60}
              example: 0
            FeedForm: {name: form, in: query, schema: {enum: [sealed]}}
            LastEventID:
              name: Last-Event-ID
              in: header
              description: With server-sent events, in place of `after`.
              schema: {type: integer, minimum: -1}
              example: 3
          responses:
            NotJSON:
              description: The body cannot be read.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}, examples: {problem: {$ref: '#/components/examples/notJSON'}}}}
            Unauthorized:
              description: No token, or one that is not valid.
              headers:
                WWW-Authenticate: {required: true, schema: {type: string}}
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Forbidden:
              description: >-
                The caller may not do this. `right_needed`: the token's roles have not the right; Provet's `permission_missing`;
                without tokens, pages of other sites.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}, examples: {problem: {$ref: '#/components/examples/rightNeeded'}}}}
            NotFound:
              description: There is no such thing.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            MethodNotAllowed:
              description: The path does not take this method.
              headers:
                Allow: {required: true, schema: {type: string}}
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Conflict:
              description: >-
                It contradicts what is there, or the state refuses it; `rule` says which rule. `four_eyes`: a second person is
                due, so propose it at /v1/proposals.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}, examples: {problem: {$ref: '#/components/examples/fourEyes'}}}}
            Changed:
              description: The order has changed since the version in If-Match; nothing was done.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            TooLarge:
              description: The body has more bytes than are taken here.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            UnsupportedMediaType:
              description: The body is of another type, or encoded.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Invalid:
              description: Rules are broken, all of which are named.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}, examples: {problem: {$ref: '#/components/examples/invalid'}}}}
            TooManyCalls:
              description: >-
                Too many calls. `rate`: of this token within the second. `locked_out`: too many tokens from this address were
                not valid, and neither is this one.
              headers:
                Retry-After: {$ref: '#/components/headers/RetryAfter'}
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}, examples: {problem: {$ref: '#/components/examples/tooManyCalls'}}}}
            InternalError:
              description: A fault of the server's; its log says what.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Unavailable:
              description: Not now - full, stopping, no disk, or Provet does not answer.
              headers:
                Retry-After: {$ref: '#/components/headers/RetryAfter'}
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
          schemas:
            Name:
              type: string
              description: 1 to 64 of `A-Z a-z 0-9 . _ ~ -`, and neither `.` nor `..`.
              pattern: '^(?!\.\.?$)[A-Za-z0-9._~-]{1,64}$'
            ID: {type: integer, minimum: 1, maximum: 9007199254740991}
            Day: {type: string, format: date}
            Instant: {type: string, format: date-time}
            Text: {type: string, minLength: 1, maxLength: 250}
            Problem:
              type: object
              required: [type, title, status, detail, errors]
              properties:
                type:
                  type: string
                  enum:
                    - urn:dosette:problem:not_json
                    - urn:dosette:problem:too_large
                    - urn:dosette:problem:invalid
                    - urn:dosette:problem:conflict
                    - urn:dosette:problem:refused
                    - urn:dosette:problem:changed
                    - urn:dosette:problem:not_found
                    - urn:dosette:problem:method_not_allowed
                    - urn:dosette:problem:unsupported_media_type
                    - urn:dosette:problem:unauthorized
                    - urn:dosette:problem:forbidden
                    - urn:dosette:problem:too_many_calls
                    - urn:dosette:problem:unavailable
                    - urn:dosette:problem:internal_error
                title: {type: string}
                status: {type: integer, minimum: 400, maximum: 599}
                detail: {type: string}
                rule: {type: string, description: 'The rule that decided, where it is a single one.'}
                retry_after: {type: integer, minimum: 1}
                errors:
                  type: array
                  items:
                    type: object
                    required: [pointer, rule, detail]
                    properties:
                      pointer: {type: string}
                      rule: {type: string}
                      detail: {type: string}
            Order:
              description: An order document of at most 48 KiB; a prescription or a delivery.
              oneOf:
                - $ref: '#/components/schemas/PrescriptionOrder'
                - $ref: '#/components/schemas/DeliveryOrder'
            PrescriptionOrder:
              type: object
              required: [order_id, source, clinic, prescription]
              additionalProperties: false
              properties:
                order_id: {$ref: '#/components/schemas/Name'}
                source: {$ref: '#/components/schemas/Name'}
                clinic: {$ref: '#/components/schemas/Name'}
                priority: {enum: [normal, urgent]}
                personal: {$ref: '#/components/schemas/Personal'}
                prescription: {$ref: '#/components/schemas/Prescription'}
            DeliveryOrder:
              type: object
              required: [order_id, source, clinic, delivery]
              additionalProperties: false
              properties:
                order_id: {$ref: '#/components/schemas/Name'}
                source: {$ref: '#/components/schemas/Name'}
                clinic: {$ref: '#/components/schemas/Name'}
                priority: {enum: [normal, urgent]}
                personal: {$ref: '#/components/schemas/Personal'}
                delivery: {$ref: '#/components/schemas/Delivery'}
            Personal:
              type: array
              maxItems: 64
              description: Pointers to texts that are not to be kept with the record of the supply.
              items: {type: string, pattern: '^/(prescription|delivery)/'}
            Passed:
              description: A member of Provet's GET shape, passed through as it is.
              type: [string, number, boolean, array, object, 'null']
            Prescription:
              type: object
              description: Provet's POST body, with further members of its GET shape.
              required: [client_id, department_id, prescriber_id, issue_time, prescription_items]
              additionalProperties: false
              properties:
                client_id: {$ref: '#/components/schemas/ID'}
                department_id: {$ref: '#/components/schemas/ID'}
                prescriber_id: {$ref: '#/components/schemas/ID'}
                consultation_id: {$ref: '#/components/schemas/ID'}
                issue_time: {$ref: '#/components/schemas/Instant'}
                status: {const: 1}
                remarks: {type: string, maxLength: 2000}
                prescription_items:
                  type: array
                  minItems: 1
                  maxItems: 50
                  items: {$ref: '#/components/schemas/Item'}
                archived: {$ref: '#/components/schemas/Passed'}
                client: {$ref: '#/components/schemas/Passed'}
                consultation: {$ref: '#/components/schemas/Passed'}
                created: {$ref: '#/components/schemas/Passed'}
                created_user: {$ref: '#/components/schemas/Passed'}
                department: {$ref: '#/components/schemas/Passed'}
                invoice: {$ref: '#/components/schemas/Passed'}
                is_order: {$ref: '#/components/schemas/Passed'}
                is_payment: {$ref: '#/components/schemas/Passed'}
                items: {$ref: '#/components/schemas/Passed'}
                modified: {$ref: '#/components/schemas/Passed'}
                modified_session: {$ref: '#/components/schemas/Passed'}
                modified_user: {$ref: '#/components/schemas/Passed'}
                patients: {$ref: '#/components/schemas/Passed'}
                payment_details: {$ref: '#/components/schemas/Passed'}
                pharmacy_id: {$ref: '#/components/schemas/Passed'}
                prescriber: {$ref: '#/components/schemas/Passed'}
                prescription_order: {$ref: '#/components/schemas/Passed'}
                prescription_set_uuid: {$ref: '#/components/schemas/Passed'}
                url: {$ref: '#/components/schemas/Passed'}
                uuid: {$ref: '#/components/schemas/Passed'}
            Item:
              type: object
              required: [name, patients, strength, instructions, quantity_packages, valid_until]
              additionalProperties: false
              properties:
                name: {type: string, minLength: 1, maxLength: 128}
                strength: {type: string, minLength: 1, maxLength: 128}
                instructions: {type: string, minLength: 1, maxLength: 2000}
                patients:
                  type: array
                  minItems: 1
                  maxItems: 50
                  items: {$ref: '#/components/schemas/ID'}
                quantity_packages: {type: integer, minimum: 1, maximum: 10000}
                valid_until: {$ref: '#/components/schemas/Day'}
                latest_dispensing: {$ref: '#/components/schemas/Day'}
                repeat_number: {type: integer, minimum: 1, maximum: 1000}
                repeat_timevalue: {type: integer, minimum: 0, maximum: 3650}
                repeat_timeunit: {type: string}
                article_id: {$ref: '#/components/schemas/Passed'}
                article_nplpackid: {$ref: '#/components/schemas/Passed'}
                copied_from: {$ref: '#/components/schemas/Passed'}
                created: {$ref: '#/components/schemas/Passed'}
                created_user: {$ref: '#/components/schemas/Passed'}
                dosage_form: {$ref: '#/components/schemas/Passed'}
                indication: {$ref: '#/components/schemas/Passed'}
                language: {$ref: '#/components/schemas/Passed'}
                license_id: {$ref: '#/components/schemas/Passed'}
                modified: {$ref: '#/components/schemas/Passed'}
                modified_user: {$ref: '#/components/schemas/Passed'}
                package_content: {$ref: '#/components/schemas/Passed'}
                package_size: {$ref: '#/components/schemas/Passed'}
                patient_id_qualifier: {$ref: '#/components/schemas/Passed'}
                patient_identification: {$ref: '#/components/schemas/Passed'}
                patient_species: {$ref: '#/components/schemas/Passed'}
                pharmacy_id: {$ref: '#/components/schemas/Passed'}
                prescribed_medicine: {$ref: '#/components/schemas/Passed'}
                prescription: {$ref: '#/components/schemas/Passed'}
                product_id: {$ref: '#/components/schemas/Passed'}
                product_nplid: {$ref: '#/components/schemas/Passed'}
                quantity: {$ref: '#/components/schemas/Passed'}
                row_id: {$ref: '#/components/schemas/Passed'}
                supplimentary_information: {$ref: '#/components/schemas/Passed'}
                unit_description: {$ref: '#/components/schemas/Passed'}
                url: {$ref: '#/components/schemas/Passed'}
            Delivery:
              type: object
              required: [home_delivery_order_id, client_id, department_id, items]
              additionalProperties: false
              properties:
                home_delivery_order_id: {$ref: '#/components/schemas/ID'}
                client_id: {$ref: '#/components/schemas/ID'}
                patient_id: {$ref: '#/components/schemas/ID'}
                department_id: {$ref: '#/components/schemas/ID'}
                address: {type: string, maxLength: 2000}
                note: {type: string, maxLength: 2000}
                items:
                  type: array
                  minItems: 1
                  maxItems: 20
                  items:
                    type: object
                    required: [home_delivery_item_id, item_id, name, quantity]
                    additionalProperties: false
                    properties:
                      home_delivery_item_id: {$ref: '#/components/schemas/ID'}
                      item_id: {$ref: '#/components/schemas/ID'}
                      name: {type: string, minLength: 1, maxLength: 128}
                      quantity: {type: integer, minimum: 1, maximum: 10000}
            OrderPage:
              type: object
              required: [orders, next]
              properties:
                orders: {type: array, items: {$ref: '#/components/schemas/OrderView'}}
                next: {type: [string, 'null'], description: The cursor of the next page.}
            OrderView:
              type: object
              required: [order_id, source, clinic, priority, workflow, received_at, changed_at, version, prescription, fee, dispensing, parts, waiting, parked]
              properties:
                order_id: {$ref: '#/components/schemas/Name'}
                source: {$ref: '#/components/schemas/Name'}
                clinic: {$ref: '#/components/schemas/Name'}
                priority: {enum: [normal, urgent]}
                workflow: {type: string, description: 'Its definition, as name/version.'}
                received_at: {$ref: '#/components/schemas/Instant'}
                changed_at: {$ref: '#/components/schemas/Instant'}
                version: {type: integer, minimum: 1, description: How many events it has.}
                prescription:
                  type: object
                  required: [state, provet_status, provet_id, cancel_pending]
                  properties:
                    state:
                      enum: [draft, sending, sent, accepted, accepted_warning, rejected, canceled, error, unknown, null]
                    provet_status: {type: [integer, 'null']}
                    provet_id: {type: [integer, 'null']}
                    cancel_pending: {type: boolean}
                fee:
                  type: object
                  required: [state, counter_sale_id, invoice_id, payment_id]
                  properties:
                    state: {enum: [waiting, charging, charged, not_charged, refunding, refunded, not_applicable]}
                    counter_sale_id: {type: [integer, 'null']}
                    invoice_id: {type: [integer, 'null']}
                    payment_id: {type: [integer, 'null']}
                dispensing:
                  type: object
                  required: [items]
                  properties:
                    items:
                      type: array
                      items:
                        type: object
                        required: [allowed, dispensed, remaining, last_day]
                        properties:
                          allowed: {type: integer, minimum: 0}
                          dispensed: {type: integer, minimum: 0}
                          remaining: {type: integer, minimum: 0}
                          last_day: {$ref: '#/components/schemas/Day'}
                delivery:
                  type: object
                  required: [state, home_delivery_order_id, items]
                  properties:
                    state: {type: string}
                    home_delivery_order_id: {type: integer}
                    items:
                      type: array
                      items:
                        type: object
                        required: [name, quantity, delivered, substitute]
                        properties:
                          name: {type: string}
                          quantity: {type: integer}
                          delivered: {type: integer}
                          substitute: {type: [string, 'null']}
                parts:
                  type: object
                  description: The state of each part of the workflow.
                  additionalProperties: {type: string}
                waiting:
                  type: [object, 'null']
                  required: [for, since, until, by]
                  properties:
                    for: {type: string}
                    since: {type: string}
                    until: {type: [string, 'null']}
                    by: {type: string}
                    detail: {type: string}
                parked:
                  type: [object, 'null']
                  required: [kind, reason, step, since, actions]
                  properties:
                    kind: {enum: [in_doubt, conflict, poison, refused, compensation]}
                    reason: {type: string}
                    step: {type: string}
                    since: {type: string}
                    actions: {type: array, items: {type: string}}
            History:
              type: object
              required: [events]
              properties:
                events:
                  type: array
                  items:
                    type: object
                    description: An entry of the journal, see docs/journal.md.
                    required: [actor, at_ms, data, kind, position, stream, v, version]
                    properties:
                      actor: {type: object}
                      at_ms: {type: integer}
                      data: {type: object}
                      kind: {type: string}
                      position: {type: integer, minimum: 0}
                      stream: {type: integer, minimum: 0}
                      version: {type: integer, minimum: 0}
            Signal:
              type: object
              required: [signal, reason]
              additionalProperties: false
              properties:
                signal:
                  type: string
                  description: >-
                    accept, accept_with_warning, reject, cancel, remark; retry, adopt, resend, give_up for what is
                    parked; force_canceled, force_sent, … for where a person saw the prescription stand at Provet; and what
                    the order's workflow adds.
                reason: {$ref: '#/components/schemas/Text'}
                remarks: {type: string, maxLength: 2000}
                by: {$ref: '#/components/schemas/Person/properties/by'}
                step: {type: string, minLength: 1, maxLength: 50}
                receipt:
                  type: object
                  required: [id]
                  additionalProperties: false
                  properties: {id: {$ref: '#/components/schemas/ID'}}
                items:
                  type: array
                  maxItems: 20
                  items:
                    type: object
                    required: [item]
                    additionalProperties: false
                    properties:
                      item: {type: integer, minimum: 0, maximum: 19}
                      quantity: {type: integer, minimum: 1, maximum: 10000}
                      substitute: {type: string, minLength: 1, maxLength: 128}
                      ordered: {type: integer, minimum: 0, maximum: 10000}
            DrySignal:
              type: object
              description: A signal; nobody has to say why, as nothing is done.
              required: [signal]
              additionalProperties: false
              properties:
                signal: {$ref: '#/components/schemas/Signal/properties/signal'}
                reason: {$ref: '#/components/schemas/Text'}
                remarks: {$ref: '#/components/schemas/Signal/properties/remarks'}
                by: {$ref: '#/components/schemas/Person/properties/by'}
                step: {$ref: '#/components/schemas/Signal/properties/step'}
                receipt: {$ref: '#/components/schemas/Signal/properties/receipt'}
                items: {$ref: '#/components/schemas/Signal/properties/items'}
            SignalPlan:
              type: object
              required: [order, refused, needs_second, story, steps]
              properties:
                order: {$ref: '#/components/schemas/OrderKey'}
                needs_second: {type: boolean, description: 'Whether it has to be proposed, and confirmed by somebody else.'}
                refused:
                  type: [object, 'null']
                  description: Why the signal would be refused.
                  required: [rule, detail]
                  properties:
                    rule: {type: string}
                    detail: {type: string}
                story: {type: array, items: {type: string}, description: What would stand in the order's history.}
                steps:
                  type: array
                  items:
                    type: object
                    required: [part, action, looks_only, due_at, requests]
                    properties:
                      part: {type: string, description: The part of the workflow.}
                      action: {type: string}
                      looks_only: {type: boolean, description: 'It looks for the trace of an earlier attempt, and makes none.'}
                      due_at: {$ref: '#/components/schemas/Instant'}
                      requests:
                        type: array
                        items:
                          type: object
                          required: [method, url, body, changes]
                          properties:
                            method: {type: string}
                            url: {type: string}
                            body: {$ref: '#/components/schemas/Passed'}
                            changes: {type: boolean, description: Whether it changes something on the far side.}
            OrderKey: {type: string, description: 'An order, as source/order_id.', pattern: '^[A-Za-z0-9._~-]{1,64}/[A-Za-z0-9._~-]{1,64}$'}
            ProposalDraft:
              description: At most 64 KiB.
              oneOf:
                - $ref: '#/components/schemas/SignalProposal'
                - $ref: '#/components/schemas/ForgetProposal'
            SignalProposal:
              type: object
              required: [do, signal, orders, reason]
              additionalProperties: false
              properties:
                do: {const: signal}
                signal:
                  enum:
                    - adopt
                    - resend
                    - retry
                    - give_up
                    - cancel
                    - force_sent
                    - force_accepted
                    - force_accepted_warning
                    - force_rejected
                    - force_canceled
                    - force_error
                orders:
                  type: array
                  minItems: 1
                  maxItems: 200
                  uniqueItems: true
                  items: {$ref: '#/components/schemas/OrderKey'}
                receipt:
                  type: object
                  description: What was found, with a single order.
                  required: [id]
                  additionalProperties: false
                  properties: {id: {$ref: '#/components/schemas/ID'}}
                step: {type: string, minLength: 1, maxLength: 50}
                reason: {$ref: '#/components/schemas/Text'}
                by: {$ref: '#/components/schemas/Person/properties/by'}
            ForgetProposal:
              type: object
              required: [do, client, reason]
              additionalProperties: false
              properties:
                do: {const: forget}
                client: {type: string, description: 'The client, as clinic/number.', pattern: '^[A-Za-z0-9._~-]{1,64}/[1-9][0-9]{0,14}$'}
                reason: {$ref: '#/components/schemas/Text'}
                by: {$ref: '#/components/schemas/Person/properties/by'}
            ProposalPage:
              type: object
              required: [proposals]
              properties:
                proposals: {type: array, items: {$ref: '#/components/schemas/Proposal'}}
            Proposal:
              type: object
              required: [proposal, state, deed, client, needs_second, made, lapses_at, decided, results]
              properties:
                proposal: {type: string, description: Its name.}
                client:
                  type: [string, 'null']
                  description: >-
                    Whom it would forget, as clinic/number, where one proposal is asked for by somebody who may confirm or
                    forget; null otherwise.
                state: {enum: [open, confirmed, withdrawn, done, lapsed]}
                deed:
                  oneOf:
                    - type: object
                      required: [do, signal, orders]
                      properties:
                        do: {const: signal}
                        signal: {type: string}
                        orders: {type: array, items: {$ref: '#/components/schemas/OrderKey'}}
                        receipt_id: {type: integer}
                        step: {type: string}
                    - type: object
                      required: [do, subjects]
                      properties:
                        do: {const: forget}
                        subjects: {type: array, items: {type: string}, description: 'The client, by its words in the journal.'}
                needs_second: {type: boolean, description: Whether a second person has to confirm it.}
                made: {$ref: '#/components/schemas/ProposalWord'}
                lapses_at: {$ref: '#/components/schemas/Instant'}
                decided:
                  description: Who confirmed or withdrew it.
                  oneOf:
                    - $ref: '#/components/schemas/ProposalWord'
                    - {type: 'null'}
                results:
                  type: [array, 'null']
                  items:
                    type: object
                    required: [of, refused]
                    properties:
                      of: {type: string, description: 'The order, or the client by its word in the journal.'}
                      refused: {type: [string, 'null'], description: The rule that refused it; null where it was done.}
            ProposalWord:
              type: object
              required: [by, reason, at]
              properties:
                by: {type: string}
                reason: {type: string}
                at: {$ref: '#/components/schemas/Instant'}
            Dispense:
              type: object
              required: [dispense_id, item, quantity_packages, dispensed_on]
              additionalProperties: false
              properties:
                dispense_id: {$ref: '#/components/schemas/Name'}
                item: {type: integer, minimum: 0}
                quantity_packages: {type: integer, minimum: 1, maximum: 10000}
                dispensed_on: {$ref: '#/components/schemas/Day'}
                batch: {type: string, minLength: 1, maxLength: 50}
                by: {$ref: '#/components/schemas/Person/properties/by'}
            Decision:
              type: object
              required: [reason]
              additionalProperties: false
              properties:
                reason: {$ref: '#/components/schemas/Text'}
                by: {$ref: '#/components/schemas/Person/properties/by'}
            Person:
              type: object
              additionalProperties: false
              properties:
                by: {type: string, minLength: 1, maxLength: 50, description: 'Who acts, where no token says it.'}
            ClientView:
              type: object
              required: [clinic, client_id, orders, open_orders, plain_orders, held, keys]
              properties:
                clinic: {type: string}
                client_id: {type: integer}
                orders: {type: integer, minimum: 0}
                open_orders: {type: integer, minimum: 0}
                plain_orders: {type: integer, minimum: 0, description: Orders of before there were keys.}
                held: {type: boolean}
                keys:
                  type: array
                  items:
                    type: object
                    required: [subject, class, state, due_at, destroyed_at]
                    properties:
                      subject: {type: string}
                      class: {enum: [record, rest]}
                      state: {enum: [kept, to_be_destroyed, destroyed]}
                      due_at: {type: [string, 'null']}
                      destroyed_at: {type: [string, 'null']}
            ClinicPage:
              type: object
              required: [clinics]
              properties:
                clinics: {type: array, items: {$ref: '#/components/schemas/Clinic'}}
            Clinic:
              type: object
              required: [id, base_url, token_url, client_id, time_zone, origin, state, fee, buttons, home_delivery]
              properties:
                id: {$ref: '#/components/schemas/Name'}
                base_url: {type: string}
                token_url: {type: string}
                client_id: {type: string}
                time_zone: {type: string}
                origin: {enum: [file, added]}
                state: {enum: [ready, disabled]}
                fee: {type: object}
                buttons: {type: object}
                home_delivery: {type: object}
                calls_per_minute: {type: integer, minimum: 1}
                check: {$ref: '#/components/schemas/ClinicCheck'}
            ClinicDraft:
              type: object
              description: For a clinic that was added before, what is left out stays as it is.
              required: [id]
              additionalProperties: false
              properties:
                id: {$ref: '#/components/schemas/Name'}
                base_url: {type: string, pattern: '^https?://', maxLength: 500}
                token_url: {type: string, pattern: '^https?://', maxLength: 500}
                client_id: {type: string, minLength: 1, maxLength: 64}
                client_secret: {type: string, minLength: 1, maxLength: 512}
                time_zone: {type: string, description: An IANA name.}
                fee:
                  type: object
                  additionalProperties: false
                  properties:
                    charge: {type: boolean}
                    payment_type: {type: integer, minimum: 0, maximum: 99}
                    settings_path: {type: string, minLength: 1, maxLength: 64}
                    item_field: {type: string, minLength: 1, maxLength: 64}
                    settings_age_ms: {type: integer, minimum: 1000, maximum: 2592000000}
                buttons:
                  type: object
                  additionalProperties: false
                  description: How the clinic's buttons are verified; see docs/clinic-side.md.
                  properties:
                    algorithm: {enum: [sha256, sha512, sha1, md5]}
                    over: {enum: [id, payload]}
                    salt_place: {enum: [first, last]}
                    id_parameter: {type: string, minLength: 1, maxLength: 64}
                    id_prefix: {type: string, maxLength: 64}
                    hash_parameter: {type: string, minLength: 1, maxLength: 64}
                    user_parameter: {type: string, minLength: 1, maxLength: 64}
                    department_parameter: {type: string, minLength: 1, maxLength: 64}
                    frame_origins: {type: array, maxItems: 16, items: {type: string}}
                    replay_window_ms: {type: integer, minimum: 1000, maximum: 3600000}
                    session_ms: {type: integer, minimum: 60000, maximum: 43200000}
                home_delivery:
                  type: object
                  additionalProperties: false
                  properties:
                    on: {type: boolean}
                    interval_ms: {type: integer, minimum: 1000, maximum: 2592000000}
                calls_per_minute: {type: integer, minimum: 1, maximum: 10000000}
                by: {$ref: '#/components/schemas/Person/properties/by'}
                reason: {$ref: '#/components/schemas/Text'}
            Finding:
              type: object
              required: [permission, purpose, verdict, needed, detail]
              properties:
                permission: {type: string}
                purpose: {type: string}
                verdict: {enum: [ok, missing, unclear]}
                needed: {type: boolean}
                detail: {type: string}
            ClinicCheck:
              type: object
              required: [sign_in, permissions, good]
              properties:
                sign_in: {$ref: '#/components/schemas/Finding'}
                permissions: {type: array, items: {$ref: '#/components/schemas/Finding'}}
                good: {type: boolean}
            ClinicSettings:
              type: object
              required: [settings]
              properties:
                settings:
                  type: array
                  items:
                    type: object
                    required: [department, fee_item, financial_period_lock_date, read_at]
                    properties:
                      department: {type: integer}
                      fee_item: {type: [integer, 'null']}
                      problem: {type: string}
                      financial_period_lock_date: {type: [string, 'null']}
                      read_at: {type: string}
            Buttons:
              type: object
              required: [buttons]
              properties:
                buttons:
                  type: array
                  items:
                    type: object
                    required: [place, name, visible_page, action, method, url, id_parameter, id_prefix, salt, hash, state]
                    properties:
                      place: {type: string}
                      name: {type: string}
                      visible_page: {type: integer}
                      action: {type: integer}
                      method: {enum: [GET, POST]}
                      url: {type: string}
                      id_parameter: {type: string}
                      id_prefix: {type: string}
                      salt: {type: string}
                      hash: {type: string}
                      state: {enum: [there, missing, created, null]}
            ClinicWebhooks:
              type: object
              required: [url, webhooks]
              properties:
                url: {type: string}
                webhooks:
                  type: array
                  items:
                    type: object
                    required: [trigger, what, state]
                    properties:
                      trigger: {type: integer}
                      what: {type: string}
                      state: {enum: [ok, missing, created]}
            WebhookPage:
              type: object
              required: [webhooks]
              properties:
                webhooks: {type: array, items: {$ref: '#/components/schemas/Webhook'}}
            Webhook:
              type: object
              required: [id, url, events, clinics, state, position, lag, attempt, retry_at, failure, dead, delivered]
              properties:
                id: {$ref: '#/components/schemas/Name'}
                url: {type: string}
                events: {type: array, items: {type: string}}
                clinics: {type: [array, 'null'], items: {type: string}}
                state: {enum: [ready, retrying, disabled]}
                position: {type: integer, minimum: 0, description: The next entry of the journal that is looked at.}
                lag: {type: integer, minimum: 0, description: Entries from there to the journal's end.}
                attempt: {type: integer, minimum: 0, description: Attempts of the event at hand that failed.}
                retry_at: {type: [string, 'null']}
                failure: {type: [string, 'null']}
                dead: {type: integer, minimum: 0, description: Events that were given up.}
                delivered: {type: integer, minimum: 0, description: Events delivered since the server started.}
            Replay:
              type: object
              required: [from, reason]
              additionalProperties: false
              properties:
                from:
                  oneOf:
                    - {type: integer, minimum: 0}
                    - {const: dead}
                reason: {$ref: '#/components/schemas/Text'}
                by: {$ref: '#/components/schemas/Person/properties/by'}
            Checkpoints:
              type: [object, 'null']
              required: [origin, size, made_at, witnesses, mark_missing_at_start]
              properties:
                origin: {type: string}
                size: {type: integer, minimum: 0}
                made_at: {type: [string, 'null']}
                mark_missing_at_start: {type: boolean}
                witnesses:
                  type: array
                  items:
                    type: object
                    required: [name, size, failing_since, failure]
                    properties:
                      name: {type: string}
                      size: {type: integer, minimum: 0}
                      failing_since: {type: [string, 'null']}
                      failure: {type: [string, 'null']}
            RotatedKey:
              type: object
              required: [key, checkpoint]
              properties:
                key: {type: string}
                checkpoint: {$ref: '#/components/schemas/Checkpoints'}
            Readiness:
              type: object
              required: [ready, queued, running, breakers, store, free_bytes, checkpoints]
              properties:
                ready: {type: boolean}
                queued: {type: [integer, 'null']}
                running: {type: integer, minimum: 0}
                breakers:
                  type: array
                  items:
                    type: object
                    required: [clinic, until]
                    properties:
                      clinic: {type: string}
                      until: {type: string}
                store: {enum: [ok, unavailable]}
                free_bytes: {type: [integer, 'null']}
                checkpoints: {$ref: '#/components/schemas/Checkpoints'}
          examples:
            order:
              value:
                order_id: HD-2025-000123
                source: webshop
                clinic: nordic-vets
                priority: normal
                prescription:
                  client_id: 1
                  department_id: 1
                  prescriber_id: 1
                  issue_time: '2025-08-20T11:20:45Z'
                  prescription_items:
                    - name: Lorem ipsum
                      patients: [1]
                      strength: 100 mg
                      instructions: lorem ipsum
                      quantity_packages: 1
                      valid_until: '2099-08-20'
                      repeat_number: 3
            delivery:
              value:
                order_id: DO-17
                source: provet
                clinic: nordic-vets
                delivery:
                  home_delivery_order_id: 17
                  client_id: 1
                  department_id: 1
                  items:
                    - {home_delivery_item_id: 31, item_id: 5, name: Lorem ipsum, quantity: 2}
            batch:
              value: |
                {"order_id":"HD-7","source":"webshop","clinic":"nordic-vets","prescription":{"client_id":1,"department_id":1,"prescriber_id":1,"issue_time":"2025-08-20T11:20:45Z","prescription_items":[{"name":"Lorem ipsum","patients":[1],"strength":"100 mg","instructions":"lorem ipsum","quantity_packages":1,"valid_until":"2099-08-20"}]}}
                not an order
            accept:
              value: {signal: accept, reason: the pharmacist has read it, by: maija}
            cancel:
              value: {signal: cancel, reason: the client asked for it, by: maija}
            adopt:
              value: {signal: adopt, reason: it is at Provet, by: maija, receipt: {id: 17}}
            deliver:
              value: {signal: delivered, reason: it was handed over, by: maija, items: [{item: 0, quantity: 2}]}
            dispense:
              value: {dispense_id: D-1, item: 0, quantity_packages: 1, dispensed_on: '2025-08-20', batch: LOT-7, by: maija}
            reversal:
              value: {reason: it was handed to the wrong client, by: maija}
            decision:
              value: {reason: the client asked for it in writing, by: maija}
            person:
              value: {by: maija}
            clinic:
              value:
                id: baltic-vets
                base_url: http://127.0.0.1:9000/4/api/0.1
                token_url: http://127.0.0.1:9000/4/oauth2/token/
                client_id: dosette
                client_secret: simulated-secret
                time_zone: Europe/Helsinki
                by: maija
            hookup:
              value:
                provet_id: '4'
                client_id: dosette
                client_secret: simulated-secret
                token_url: http://127.0.0.1:9000/4/oauth2/token/
            replay:
              value: {from: 12, reason: the receiver lost what it had, by: maija}
            replayDead:
              value: {from: dead, reason: the receiver works again, by: maija}
            dryCancel:
              value: {signal: cancel}
            dryResend:
              value: {signal: resend, by: maija}
            plan:
              value:
                order: webshop/HD-2025-000123
                refused: null
                story: [said resend, 'provet.create_counter_sale: to be sent again', 'took it up again: resend']
                steps:
                  - part: fee
                    action: provet.create_counter_sale
                    looks_only: false
                    due_at: '2025-08-20T11:31:39.000Z'
                    requests:
                      - method: POST
                        url: https://provetcloud.example/4/api/0.1/countersale/
                        body: {client: 12, department: 1}
                        changes: true
            proposeResend:
              value: {do: signal, signal: resend, orders: [webshop/HD-10], reason: Provet shows no sale of it, by: maija}
            proposeAdopt:
              value: {do: signal, signal: adopt, orders: [webshop/HD-10], receipt: {id: 17}, reason: it is sale 17, by: maija}
            proposeMany:
              value: {do: signal, signal: retry, orders: [webshop/HD-1, webshop/HD-2], reason: the clinic is there again, by: maija}
            proposeForget:
              value: {do: forget, client: nordic-vets/3, reason: the client asked for it in writing, by: maija}
            confirm:
              value: {reason: I looked at Provet and see none either, by: petter}
            withdraw:
              value: {reason: the sale was found, by: petter}
            openProposal:
              value:
                proposal: 01K33M2S4GFS9B8PCCDWTX1A75
                state: open
                deed: {do: signal, signal: resend, orders: [webshop/HD-10]}
                needs_second: true
                made: {by: maija, reason: Provet shows no sale of it, at: '2025-08-20T11:31:39.000Z'}
                lapses_at: '2025-08-27T11:31:39.000Z'
                decided: null
                results: null
            doneProposal:
              value:
                proposal: 01K33M2S4GFS9B8PCCDWTX1A75
                state: done
                deed: {do: signal, signal: resend, orders: [webshop/HD-10]}
                needs_second: true
                made: {by: maija, reason: Provet shows no sale of it, at: '2025-08-20T11:31:39.000Z'}
                lapses_at: '2025-08-27T11:31:39.000Z'
                decided: {by: petter, reason: I looked at Provet and see none either, at: '2025-08-20T11:40:02.000Z'}
                results: [{of: webshop/HD-10, refused: null}]
            rightNeeded:
              value:
                type: urn:dosette:problem:forbidden
                title: Forbidden
                status: 403
                detail: 'This needs the right repair, which these roles have: operator.'
                rule: right_needed
                errors: [{pointer: '', rule: right_needed, detail: 'This needs the right repair, which these roles have: operator.'}]
            fourEyes:
              value:
                type: urn:dosette:problem:refused
                title: Refused
                status: 409
                detail: 'resend needs a second person here: propose it, and let somebody else confirm it.'
                rule: four_eyes
                errors: [{pointer: '', rule: four_eyes, detail: 'resend needs a second person here: propose it, and let somebody else confirm it.'}]
            tooManyCalls:
              value:
                type: urn:dosette:problem:too_many_calls
                title: Too many calls
                status: 429
                detail: This token may call 5000 times a second.
                rule: rate
                retry_after: 1
                errors: [{pointer: '', rule: rate, detail: This token may call 5000 times a second.}]
            notJSON:
              value:
                type: urn:dosette:problem:not_json
                title: Not JSON
                status: 400
                detail: 'The body is not JSON: a value is due at byte 0.'
                rule: not_json
                errors: [{pointer: '', rule: not_json, detail: 'The body is not JSON: a value is due at byte 0.'}]
            invalid:
              value:
                type: urn:dosette:problem:invalid
                title: Invalid
                status: 422
                detail: One rule is broken.
                errors: [{pointer: /prescription/prescription_items/0/name, rule: required, detail: The member is missing.}]

        """#
}
