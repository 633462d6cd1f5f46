"""The counter: once per key, or as careless as it is told to be."""

import httpx2
import pytest

from tests.fakes.counter import Counter, HangUp, running_counter
from tests.test_fakes.clients import NO_TLS


def post(counter: Counter, key: str, timeout_s: float = 5) -> httpx2.Response:
    with httpx2.Client(trust_env=False, verify=NO_TLS, timeout=timeout_s) as client:
        return client.post(f"{counter.url}/count", headers={"idempotency-key": key})


def get(counter: Counter, path: str) -> httpx2.Response:
    with httpx2.Client(trust_env=False, verify=NO_TLS) as client:
        return client.get(counter.url + path)


def hang_up(_: str | None) -> None:
    raise HangUp


def test_a_key_counts_once() -> None:
    with running_counter() as counter:
        answers = [post(counter, "a").json(), post(counter, "a").json(), post(counter, "b").json()]

        assert answers == [{"count": 1, "key": "a"}, {"count": 1, "key": "a"}, {"count": 2, "key": "b"}]
        assert get(counter, "/count").json() == {"count": 2}


def test_a_careless_counter_counts_a_key_twice() -> None:
    with running_counter(honours_keys=False) as counter:
        post(counter, "a")
        post(counter, "a")

        assert counter.count == 2


def test_a_probe_tells_whether_a_key_was_counted() -> None:
    with running_counter() as counter:
        post(counter, "a")

        assert get(counter, "/probe?key=a").json() == {"done": True, "result": {"count": 1, "key": "a"}}
        assert get(counter, "/probe?key=b").status_code == 404


@pytest.mark.parametrize(("moment", "counted"), [("before", 0), ("after", 1)])
def test_a_hook_can_hang_up_before_or_after_counting(moment: str, counted: int) -> None:
    with running_counter() as counter:
        setattr(counter, moment, hang_up)

        with pytest.raises(httpx2.RemoteProtocolError):
            post(counter, "a")

        assert counter.count == counted


def test_a_hook_can_hang() -> None:
    with running_counter() as counter:
        counter.after = counter.hang

        with pytest.raises(httpx2.ReadTimeout):
            post(counter, "a", timeout_s=0.05)

        assert counter.count == 1


def test_requests_are_logged() -> None:
    with running_counter() as counter:
        post(counter, "a")
        get(counter, "/count")

    assert [(hit.method, hit.path, hit.key, hit.count) for hit in counter.hits] == [
        ("POST", "/count", "a", 1),
        ("GET", "/count", None, 1),
    ]
