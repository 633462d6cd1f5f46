"""The log: what arrived, when, and what it cost."""

import json

from tests.fakes import FakeServer, Fault, Outcome, Reply, Scenario, Usage, running_server
from tests.test_fakes.clients import raw_client

BODY: dict[str, object] = {"model": "m", "messages": [], "stream": True}


async def test_an_exchange_is_recorded_with_its_times_in_order() -> None:
    async with FakeServer(Scenario(replies=[Reply("a b c")])) as server, raw_client(server) as client:
        await client.post("/api/chat", json=BODY, headers={"x-hermes": "1"})

        exchange = server.log[0]

    assert (exchange.method, exchange.path, exchange.dialect) == ("POST", "/api/chat", "ollama")
    assert (exchange.body, exchange.headers["x-hermes"]) == (BODY, "1")
    assert (exchange.reply_index, exchange.status, exchange.outcome) == (0, 200, Outcome.COMPLETE)
    assert exchange.first_byte_s is not None
    assert exchange.last_byte_s is not None
    assert exchange.accepted_s <= exchange.received_s <= exchange.first_byte_s <= exchange.last_byte_s


async def test_usage_is_counted_from_bytes_unless_it_is_said() -> None:
    replies = [Reply("12345678"), Reply("x", usage=Usage(input_tokens=5, output_tokens=7, cost_usd=1.0))]
    async with FakeServer(Scenario(replies=replies)) as server, raw_client(server) as client:
        await client.post("/api/chat", content=b'{"x":1} ')
        await client.post("/api/chat", json=BODY)
        total = (await client.get("/__total__")).json()

    assert (server.log.total.input_tokens, server.log.total.output_tokens) == (2 + 5, 2 + 7)
    assert (total["output_tokens"], total["replies"]) == (9, 2)


async def test_a_refused_request_is_not_billed() -> None:
    scenario = Scenario(replies=[Reply("x", fault=Fault.parse("429"))])
    async with FakeServer(scenario) as server, raw_client(server) as client:
        await client.post("/api/chat", json=BODY)

    assert (server.log[0].bill, server.log[0].fault, server.log[0].status) == (None, "429", 429)


async def test_the_log_can_be_read_over_http_without_secrets() -> None:
    async with FakeServer() as server, raw_client(server) as client:
        await client.get("/v1/models", headers={"authorization": "Bearer secret"})
        lines = (await client.get("/__log__")).text.splitlines()

    assert len(lines) == 1
    assert json.loads(lines[0])["headers"]["authorization"] == "***"
    assert server.log[0].headers["authorization"] == "Bearer secret"


async def test_a_connection_is_reused() -> None:
    async with FakeServer() as server, raw_client(server) as client:
        await client.get("/v1/models")
        await client.get("/v1/models")

    assert server.log[1].accepted_s >= (server.log[0].last_byte_s or 0)


async def test_a_client_that_leaves_is_noticed() -> None:
    scenario = Scenario(replies=[Reply("a b c d", fault=Fault.parse("stall@mid_text:2"))])
    with running_server(scenario) as server:
        async with raw_client(server) as client, client.stream("POST", "/api/chat", json=BODY) as response:
            async for _ in response.aiter_lines():
                break
        server.log.wait(lambda log: bool(log) and log[0].outcome is Outcome.CLIENT_LEFT)
