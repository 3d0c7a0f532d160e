"""SIGTERM: requests that have begun are finished, and their rows are written."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge

_STREAMS = 8
_MORE_EVENTS = 40
"""More than what a stream has left."""


def test_open_streams_end_whole_and_have_their_rows() -> None:
    with Edge("cpython") as edge:
        tenant = edge.tenant()
        edge.openai.behave("gpt-4o", Behaviour("step"))
        begun = threading.Semaphore(0)

        def read(number: int) -> str:
            messages = [{"role": "user", "content": f"stream {number}"}]
            body = {"model": "gpt-4o", "stream": True, "messages": messages}
            text = ""
            with tenant.http.stream("POST", "/v1/chat/completions", json=body) as answer:
                for chunk in answer.iter_text():
                    if not text:
                        begun.release()
                    text += chunk
            return text

        with ThreadPoolExecutor(_STREAMS) as pool:
            reading = [pool.submit(read, number) for number in range(_STREAMS)]
            for _ in range(_STREAMS):
                edge.openai.step()
            for _ in range(_STREAMS):
                assert begun.acquire(timeout=120)
            ending = threading.Thread(target=edge.end)
            ending.start()
            for _ in range(_STREAMS * _MORE_EVENTS):
                edge.openai.step()
            texts = [future.result() for future in reading]
            ending.join()
        for number, text in enumerate(texts):
            assert text.endswith("data: [DONE]\n\n"), number
        rows = [row for row in edge.supabase.usage_logs if row["project_id"] == tenant.project_id]
        assert len({row["request_id"] for row in rows}) == len(rows) == _STREAMS
        assert {row["status"] for row in rows} == {200}
