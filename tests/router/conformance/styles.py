"""Every way to make a call, written once for both kinds of client; each yields whatever the caller receives."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, NamedTuple

import anthropic
import httpx2
from pydantic import BaseModel

from tests.router.conformance.either import each, some, take, within

Ask = dict[str, Any]
Received = AsyncGenerator[Any]
BETA = "extended-cache-ttl-2025-04-11"


class Ticket(BaseModel):
    """A structured answer."""

    subject: str
    urgent: bool


def _tool(client: Any) -> Any:
    decorator: Any = anthropic.beta_async_tool if isinstance(client, anthropic.AsyncAnthropic) else anthropic.beta_tool
    if isinstance(client, anthropic.AsyncAnthropic):

        async def weather_async(city: str) -> str:
            return f"Rain in {city}."

        return decorator(weather_async, name="weather", description="The weather")

    def weather(city: str) -> str:
        return f"Rain in {city}."

    return decorator(weather, name="weather", description="The weather")


async def create(client: Any, ask: Ask) -> Received:
    yield await take(client.messages.create(**ask))


async def create_with_schema(client: Any, ask: Ask) -> Received:
    schema = {"type": "object", "properties": {"subject": {"type": "string"}}, "required": ["subject"]}
    yield await take(client.messages.create(**ask, output_config={"format": {"type": "json_schema", "schema": schema}}))


async def create_stream(client: Any, ask: Ask) -> Received:
    stream = await take(client.messages.create(**ask, stream=True))
    yield type(stream)
    async for event in each(stream):
        yield event
    yield stream.response.headers


async def create_stream_break(client: Any, ask: Ask) -> Received:
    stream = await take(client.messages.create(**ask, stream=True))
    yield await some(stream, 4)
    yield await take(stream.close())


async def create_stream_break_block(client: Any, ask: Ask) -> Received:
    async with within(await take(client.messages.create(**ask, stream=True))) as stream:
        yield await some(stream, 4)


async def create_stream_unread(client: Any, ask: Ask) -> Received:
    stream = await take(client.messages.create(**ask, stream=True))
    yield await take(stream.close())


async def stream_events(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask)) as stream:
        yield type(stream)
        async for event in each(stream):
            yield event
        yield stream.current_message_snapshot, stream.request_id, stream.response.headers


async def stream_text(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask)) as stream:
        async for text in each(stream.text_stream):
            yield text


async def stream_final_message(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask)) as stream:
        yield await take(stream.get_final_message())


async def stream_final_text(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask)) as stream:
        yield await take(stream.get_final_text())


async def stream_until_done(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask)) as stream:
        yield await take(stream.until_done())
        yield stream.current_message_snapshot


async def stream_parsed(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask, output_format=Ticket)) as stream:
        yield await take(stream.get_final_message())


async def stream_break(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask)) as stream:
        yield await some(stream, 4)


async def stream_text_break(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask)) as stream:
        texts = aiter(stream.text_stream) if hasattr(stream, "__aiter__") else stream.text_stream
        yield await some(texts, 2)


async def stream_close(client: Any, ask: Ask) -> Received:
    async with within(client.messages.stream(**ask)) as stream:
        yield await some(stream, 2)
        yield await take(stream.close())


async def parse(client: Any, ask: Ask) -> Received:
    message = await take(client.messages.parse(**ask, output_format=Ticket))
    yield message
    yield message.parsed_output


async def count_tokens(client: Any, ask: Ask) -> Received:
    del ask["max_tokens"]
    yield await take(client.messages.count_tokens(**ask))


async def beta_create(client: Any, ask: Ask) -> Received:
    yield await take(client.beta.messages.create(**ask))


async def beta_create_with_betas(client: Any, ask: Ask) -> Received:
    yield await take(client.beta.messages.create(**ask, betas=[BETA]))


async def beta_create_stream(client: Any, ask: Ask) -> Received:
    async for event in each(await take(client.beta.messages.create(**ask, stream=True))):
        yield event


async def beta_stream(client: Any, ask: Ask) -> Received:
    async with within(client.beta.messages.stream(**ask)) as stream:
        async for event in each(stream):
            yield event
        yield await take(stream.get_final_message())


async def beta_stream_break(client: Any, ask: Ask) -> Received:
    async with within(client.beta.messages.stream(**ask)) as stream:
        yield await some(stream, 4)


async def beta_parse(client: Any, ask: Ask) -> Received:
    yield await take(client.beta.messages.parse(**ask, output_format=Ticket))


async def beta_count_tokens(client: Any, ask: Ask) -> Received:
    del ask["max_tokens"]
    yield await take(client.beta.messages.count_tokens(**ask))


async def tool_runner(client: Any, ask: Ask) -> Received:
    async for message in each(client.beta.messages.tool_runner(**ask, tools=[_tool(client)])):
        yield message


async def tool_runner_whole_history(client: Any, ask: Ask) -> Received:
    runner = client.beta.messages.tool_runner(**ask, tools=[_tool(client)], thread=False)
    yield await take(runner.until_done())


async def tool_runner_stream(client: Any, ask: Ask) -> Received:
    async for stream in each(client.beta.messages.tool_runner(**ask, tools=[_tool(client)], stream=True)):
        async for event in each(stream):
            yield event


async def raw_create(client: Any, ask: Ask) -> Received:
    response = await take(client.messages.with_raw_response.create(**ask))
    yield type(response), response.status_code, response.headers, response.retries_taken, response.request_id
    yield response.http_response.content
    yield await take(response.parse())


async def raw_create_stream(client: Any, ask: Ask) -> Received:
    response = await take(client.messages.with_raw_response.create(**ask, stream=True))
    yield type(response), response.headers
    async for event in each(await take(response.parse())):
        yield event


async def streaming_response_read(client: Any, ask: Ask) -> Received:
    async with within(client.messages.with_streaming_response.create(**ask)) as response:
        yield type(response), response.status_code, response.headers, response.retries_taken
        yield await take(response.read())


async def streaming_response_bytes(client: Any, ask: Ask) -> Received:
    async with within(client.messages.with_streaming_response.create(**ask)) as response:
        yield b"".join([chunk async for chunk in each(response.iter_bytes())])


async def streaming_response_sse_bytes(client: Any, ask: Ask) -> Received:
    async with within(client.messages.with_streaming_response.create(**ask, stream=True)) as response:
        yield b"".join([chunk async for chunk in each(response.iter_bytes())])


async def streaming_response_lines(client: Any, ask: Ask) -> Received:
    async with within(client.messages.with_streaming_response.create(**ask, stream=True)) as response:
        async for line in each(response.iter_lines()):
            yield line


async def streaming_response_parse(client: Any, ask: Ask) -> Received:
    async with within(client.messages.with_streaming_response.create(**ask)) as response:
        yield await take(response.parse())


async def streaming_response_json(client: Any, ask: Ask) -> Received:
    async with within(client.messages.with_streaming_response.create(**ask)) as response:
        yield await take(response.json())


async def streaming_response_unread(client: Any, ask: Ask) -> Received:
    async with within(client.messages.with_streaming_response.create(**ask)) as response:
        yield response.status_code


async def bare_response(client: Any, ask: Ask) -> Received:
    response = await take(client.post("/v1/messages", cast_to=httpx2.Response, body=ask))
    yield type(response), response.status_code, response.headers, response.json()


async def batches(client: Any, ask: Ask) -> Received:
    namespace = client.messages.batches
    batch = await take(namespace.create(requests=[{"custom_id": name, "params": ask} for name in "ab"]))
    yield batch
    yield await take(namespace.retrieve(batch.id))
    for _ in range(2):
        async for result in each(await take(namespace.results(batch.id))):
            yield result
    async for found in each(namespace.list()):
        yield found
    yield await take(namespace.delete(batch.id))


class Style(NamedTuple):
    """A call style, and what it means for its records."""

    call: Callable[[Any, Ask], Received]
    stream: bool = False
    movable: bool = True
    """Whether the router may send another model: what belongs to one model stays with the model named."""
    whole: bool = True
    """Whether the caller reads the answer to its end."""
    calls: int = 1
    """How many Messages calls the style makes."""


STYLES = (
    Style(create),
    Style(create_with_schema, movable=False),
    Style(create_stream, stream=True),
    Style(create_stream_break, stream=True, whole=False),
    Style(create_stream_break_block, stream=True, whole=False),
    Style(create_stream_unread, stream=True, whole=False),
    Style(stream_events, stream=True),
    Style(stream_text, stream=True),
    Style(stream_final_message, stream=True),
    Style(stream_final_text, stream=True),
    Style(stream_until_done, stream=True),
    Style(stream_parsed, stream=True, movable=False),
    Style(stream_break, stream=True, whole=False),
    Style(stream_text_break, stream=True, whole=False),
    Style(stream_close, stream=True, whole=False),
    Style(parse, movable=False),
    Style(count_tokens, movable=False, calls=0),
    Style(beta_create),
    Style(beta_create_with_betas, movable=False),
    Style(beta_create_stream, stream=True),
    Style(beta_stream, stream=True),
    Style(beta_stream_break, stream=True, whole=False),
    Style(beta_parse, movable=False),
    Style(beta_count_tokens, movable=False, calls=0),
    Style(tool_runner, movable=False, calls=4),
    Style(tool_runner_whole_history, movable=False, calls=4),
    Style(tool_runner_stream, stream=True, movable=False, calls=4),
    Style(raw_create),
    Style(raw_create_stream, stream=True),
    Style(streaming_response_read),
    Style(streaming_response_bytes),
    Style(streaming_response_sse_bytes, stream=True),
    Style(streaming_response_lines, stream=True),
    Style(streaming_response_parse),
    Style(streaming_response_json),
    Style(streaming_response_unread, whole=False),
    Style(bare_response),
)
