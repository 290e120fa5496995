# One file, two images: `server` (API, web page, migrations, scheduler; no torch) and `worker`.
#
#   docker build --target server -t realspike-server .
#   docker build --target worker -t realspike-worker .
#
# PyPI's torch for Linux carries CUDA and also runs without a GPU. For a smaller worker image with
# a CPU build alone, name PyTorch's own index:
#
#   docker build --target worker \
#     --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu -t realspike-worker .

FROM node:22-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM python:3.12-slim AS base
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REALSPIKE_HOME=/var/lib/realspike \
    REALSPIKE_HOST=0.0.0.0
RUN useradd --uid 10001 --user-group --create-home realspike \
    && mkdir -p /var/lib/realspike/artifacts /var/lib/realspike/data \
    && chown -R realspike:realspike /var/lib/realspike
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./

FROM base AS server
COPY rscore/ rscore/
COPY server/ server/
COPY worker/ worker/
COPY client/ client/
COPY presets/ presets/
RUN pip install -c constraints.txt -e ".[server,s3]"
COPY --from=web /build/web/dist web/dist
USER realspike
EXPOSE 8700
CMD ["python", "-m", "server"]

FROM base AS worker
ARG TORCH_INDEX=""
# Torch first and by itself: it is by far the largest layer, and changes least.
RUN pip install -c constraints.txt ${TORCH_INDEX:+--index-url ${TORCH_INDEX}} torch numpy
COPY rscore/ rscore/
COPY server/ server/
COPY worker/ worker/
COPY client/ client/
COPY presets/ presets/
RUN pip install -c constraints.txt -e ".[worker,s3]"
USER realspike
CMD ["python", "-m", "worker"]
