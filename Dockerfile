# Serves the default bundle: no torch, no compiler, no root.
FROM python:3.12-slim AS build
WORKDIR /source
RUN pip install --no-cache-dir build
COPY . .
RUN python -m build --wheel --outdir /wheel . \
    && python -m venv /opt/stance \
    && /opt/stance/bin/pip install --no-cache-dir --constraint constraints.txt /wheel/*.whl

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 stance
COPY --from=build /opt/stance /opt/stance
ENV PATH=/opt/stance/bin:$PATH PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=2
USER stance
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["stance", "serve", "--host", "0.0.0.0", "--port", "8000"]
