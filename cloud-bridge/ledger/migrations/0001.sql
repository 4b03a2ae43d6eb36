CREATE TABLE tenant (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	mode TEXT NOT NULL CHECK (mode IN ('cloud', 'on-prem', 'hybrid-sync', 'hybrid-dual')),
	created TEXT NOT NULL,
	graph TEXT -- JSON: struct cw_tenant_graph; the key is a private file
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	hash BLOB NOT NULL UNIQUE, -- SHA-256 of the key's text
	prefix TEXT NOT NULL, -- its first characters, to tell keys apart
	role TEXT NOT NULL CHECK (role IN ('reader', 'operator', 'admin')),
	tenants TEXT, -- JSON list of tenant ids; NULL: all, for an administrator
	created TEXT NOT NULL,
	used TEXT,
	revoked TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_token (
	hash BLOB PRIMARY KEY, -- SHA-256 of the token's text
	tenant TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
	roles TEXT NOT NULL,
	created TEXT NOT NULL,
	expires_ms INTEGER NOT NULL,
	agent TEXT -- who used it
) STRICT, WITHOUT ROWID;

CREATE TABLE agent (
	id TEXT PRIMARY KEY,
	tenant TEXT NOT NULL REFERENCES tenant (id),
	hostname TEXT NOT NULL,
	roles TEXT NOT NULL,
	seal_key BLOB NOT NULL,
	serial TEXT NOT NULL,
	next_serial TEXT NOT NULL DEFAULT '',
	enrolled TEXT NOT NULL,
	revoked TEXT,
	seen TEXT,
	version TEXT,
	os TEXT,
	epoch TEXT,
	counter INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_by_tenant ON agent (tenant);

CREATE TABLE operation (
	id TEXT PRIMARY KEY,
	tenant TEXT NOT NULL,
	kind TEXT NOT NULL,
	what TEXT NOT NULL,
	state TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	document TEXT NOT NULL -- JSON: request, steps, result, error, and what a resumption needs
) STRICT;
CREATE INDEX operation_by_time ON operation (created_ms, id);
CREATE INDEX operation_by_tenant ON operation (tenant, created_ms, id);
CREATE INDEX operation_unfinished ON operation (state) WHERE state IN ('queued', 'running');
