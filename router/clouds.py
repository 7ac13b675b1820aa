"""The SDK's cloud clients with Router and Meter in them: Bedrock (both), Vertex, Foundry, AWS, Google Cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

import anthropic.lib.aws
import anthropic.lib.bedrock
import anthropic.lib.foundry
import anthropic.lib.google_cloud
import anthropic.lib.vertex

from .client import tolled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2
    from anthropic import NotGiven
    from typing_extensions import Unpack

    from .client import Http, Options, Token

    class AmazonOptions(Options[Http], Generic[Http], total=False):
        """What the clients of Amazon's platforms take."""

        aws_access_key: str | None
        aws_secret_key: str | None
        aws_session_token: str | None
        aws_region: str | None
        aws_profile: str | None
        api_key: str | None
        base_url: str | httpx2.URL | None

    class MantleOptions(AmazonOptions[Http], Generic[Http], total=False):
        """What the clients of Bedrock's Messages API take."""

        skip_auth: bool

    class AWSOptions(MantleOptions[Http], Generic[Http], total=False):
        """What the clients of Claude Platform on AWS take."""

        auth_token: str | None
        webhook_key: str | None
        workspace_id: str | None

    class VertexOptions(Options[Http], Generic[Http], total=False):
        """What the clients of Vertex AI take."""

        access_token: str | None
        base_url: str | httpx2.URL | None
        credentials: object
        """Of `google.auth`, which has no types."""
        project_id: str | NotGiven
        region: str | NotGiven

    class GoogleCloudOptions(Options[Http], Generic[Http, Token], total=False):
        """What the clients of Claude Models on Google Cloud take."""

        base_url: str | httpx2.URL | None
        credentials: object
        location: str | None
        project: str | None
        skip_auth: bool
        token_provider: Callable[[], Token] | None
        workspace_id: str | None

    class FoundryOptions(Options[Http], Generic[Http, Token], total=False):
        """What the clients of Microsoft Foundry take; `resource` or `base_url`."""

        api_key: str | None
        azure_ad_token_provider: Callable[[], Token] | None
        base_url: str | None
        resource: str | None
        webhook_key: str | None


@tolled
class AnthropicAWS(anthropic.lib.aws.AnthropicAWS):
    """`anthropic.AnthropicAWS` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[AWSOptions[httpx2.Client]]) -> None: ...


@tolled
class AsyncAnthropicAWS(anthropic.lib.aws.AsyncAnthropicAWS):
    """`anthropic.AsyncAnthropicAWS` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[AWSOptions[httpx2.AsyncClient]]) -> None: ...


@tolled
class AnthropicBedrock(anthropic.lib.bedrock.AnthropicBedrock):
    """`anthropic.AnthropicBedrock` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, *aws_keys: str | None, **options: Unpack[AmazonOptions[httpx2.Client]]) -> None: ...


@tolled
class AsyncAnthropicBedrock(anthropic.lib.bedrock.AsyncAnthropicBedrock):
    """`anthropic.AsyncAnthropicBedrock` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, *aws_keys: str | None, **options: Unpack[AmazonOptions[httpx2.AsyncClient]]) -> None: ...


@tolled
class AnthropicBedrockMantle(anthropic.lib.bedrock.AnthropicBedrockMantle):
    """`anthropic.AnthropicBedrockMantle` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[MantleOptions[httpx2.Client]]) -> None: ...


@tolled
class AsyncAnthropicBedrockMantle(anthropic.lib.bedrock.AsyncAnthropicBedrockMantle):
    """`anthropic.AsyncAnthropicBedrockMantle` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[MantleOptions[httpx2.AsyncClient]]) -> None: ...


@tolled
class AnthropicFoundry(anthropic.lib.foundry.AnthropicFoundry):
    """`anthropic.AnthropicFoundry` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[FoundryOptions[httpx2.Client, str]]) -> None: ...


@tolled
class AsyncAnthropicFoundry(anthropic.lib.foundry.AsyncAnthropicFoundry):
    """`anthropic.AsyncAnthropicFoundry` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[FoundryOptions[httpx2.AsyncClient, str | Awaitable[str]]]) -> None: ...


@tolled
class AnthropicGoogleCloud(anthropic.lib.google_cloud.AnthropicGoogleCloud):
    """`anthropic.AnthropicGoogleCloud` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[GoogleCloudOptions[httpx2.Client, str]]) -> None: ...


@tolled
class AsyncAnthropicGoogleCloud(anthropic.lib.google_cloud.AsyncAnthropicGoogleCloud):
    """`anthropic.AsyncAnthropicGoogleCloud` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[GoogleCloudOptions[httpx2.AsyncClient, str | Awaitable[str]]]) -> None: ...


@tolled
class AnthropicVertex(anthropic.lib.vertex.AnthropicVertex):
    """`anthropic.AnthropicVertex` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[VertexOptions[httpx2.Client]]) -> None: ...


@tolled
class AsyncAnthropicVertex(anthropic.lib.vertex.AsyncAnthropicVertex):
    """`anthropic.AsyncAnthropicVertex` that routes and counts."""

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[VertexOptions[httpx2.AsyncClient]]) -> None: ...
