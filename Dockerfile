# Runs the TypeScript sources as they are: Node 24 strips the types itself.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

# Builds the page and the documentation that the daemon serves; nothing else of it is kept.
FROM node:24-slim AS page
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY src ./src
COPY docs ./docs
RUN node src/page/build.ts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
COPY --from=page /app/dist/web ./dist/web
# What `storage.path: ./var/bgpwarden.db` writes to; a volume keeps it.
RUN mkdir var && chown node:node var
USER node
EXPOSE 179 9179
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9179/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts", "run", "-c", "/etc/bgpwarden/bgpwarden.yaml"]
