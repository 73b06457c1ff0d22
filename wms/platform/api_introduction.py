"""What holds for every operation of the public API, in words: the description at the head of its OpenAPI document."""

INTRODUCTION = """\
Everything a seller does in the portal, your own systems can do here.

**Keys.** `Authorization: Bearer wms_live_…`. A key has permissions; each operation names the one it needs (`x-permission`),
`GET /api/v1/me` those of your key. Without the permission the answer is 403 and `params.permission` names it.

**Once, even if sent twice.** Every `POST`, `PATCH`, `PUT` and `DELETE` carries an `Idempotency-Key` of yours. The same key
with the same body gives the same answer and one effect, for 30 days, also when both arrive at once; `Idempotent-Replay: true`
says so. With another body: 422 `command_id_reused`. Refusals (409, 412, 422 of the world) are kept, too: a new attempt has a
new key. What was malformed, not permitted or failed on our side (400, 401, 403, 429, 5xx) is not: send it again with its key.

**Nobody is overwritten.** What is changed by version has an `ETag`; name it in `If-Match`. A `GET` with `If-None-Match`
answers 304 while nothing has changed.

**Lists** come in pages: `{"data", "next_cursor"}`, and `Link: <…>; rel="next"`. Ask on with `cursor` until `next_cursor` is
null. Rows that are written meanwhile neither shift a page nor come twice, unless they changed and the list is by change.
Parameters that are not known are refused.

**Keeping in step.** Where a list takes `updated_since`, note the time before you ask, read all pages, and ask next time from
the time you noted, less a minute. Answers have `version`: keep the higher one.

**Bulk requests** answer 200 with one result for each item, in their order: `status` and `answer`, or `status` and `problem`.
Item *n* is a command of its own with the key `<key>#<n>`, so the whole may be sent again.

**Refusals** are `application/problem+json` (RFC 9457). `code` is stable; `title` and `message` are in the language of
`Accept-Language` (`en`, `zh-CN`). `errors` names each wrong field by JSON pointer (`/lines/0/quantity`; `/query/limit` for a
parameter); `type` is an address that explains the code.

**How things are written.** Moments by RFC 3339 with an offset, answered in UTC (in a query `+` is `%2B`); days as
`2026-12-31`, by the calendar of the warehouse. Money in minor units of its currency (`1250` of `EUR` is 12.50, of `JPY`
1250), weights in grams, sizes in millimetres, stock in base units; these are whole numbers. Other exact numbers are text:
`"1.50000"`. Files are base64 in JSON, at most 5 MB.

**How often.** `RateLimit-Policy` and `RateLimit` tell the budget of a key and what is left of it; over it the answer is 429
and `Retry-After` says how many seconds to wait.

**What may change.** Within `v1` fields, operations, codes and words of a choice are added, none is taken away or gets another
meaning. Read past what you do not know.
"""
