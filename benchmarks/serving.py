"""Cold start of the command, and memory of the server after a thousand requests.

    python -m benchmarks.serving

Prints one JSON object; times are wall seconds of a fresh process on this machine.
"""

import json
import socket
import statistics
import subprocess
import sys
import time

import httpx
import psutil

STATEMENT = "Ukraine will not give up a single village for a signature, the minister said."
REQUESTS = 1000


def cold_start(runs: int = 7) -> float:
    """Median seconds of `stance classify --text ...` from a cold process to its end."""
    command = [sys.executable, "-m", "stance", "classify", "--json", "--text", STATEMENT]
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def serve_and_ask() -> dict[str, float]:
    """Resident MiB of the server when ready and after the requests, of 1 to 16 statements each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "stance", "serve", "--port", str(port)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            began = time.perf_counter()
            while True:
                try:
                    if client.get("/readyz").status_code == httpx.codes.OK:
                        break
                except httpx.TransportError:
                    time.sleep(0.02)
            ready = time.perf_counter() - began
            process = psutil.Process(server.pid)
            at_first = process.memory_info().rss
            for n in range(REQUESTS):
                text = " ".join([STATEMENT] * (1 + n % 7))
                statements = [{"text": f"{text} {n}"}] * (16 if n % 50 == 0 else 1)
                client.post("/classify", json={"statements": statements}).raise_for_status()
            at_last = process.memory_info().rss
        return {
            "ready_s": round(ready, 2),
            "rss_ready_mib": round(at_first / 2**20),
            "rss_after_1000_requests_mib": round(at_last / 2**20),
        }
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    print(json.dumps({"cold_classify_s": round(cold_start(), 2), **serve_and_ask()}, indent=2))
