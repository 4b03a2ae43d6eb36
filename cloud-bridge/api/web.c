/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web server's listener, its life and its clock.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "os/file.h"
#include "web_private.h"

#define SWEEP_MS 1000u
#define TCP_QUIET_S 60
#define TCP_PROBE_S 10
#define TCP_PROBES 3

/* What lws has to say at the start is for the administrator; later it is what strangers send. */
static enum cw_log_level lws_log_level = CW_LOG_WARN;

static void
on_lws_log(int level, const char *line)
{
	size_t n = strcspn(line, "\r\n");

	(void)level;
	cw_log(lws_log_level, "web: %.*s", (int)n, line);
}

/* Time limits of calls: a body that does not come, an answer that does not go. */
static void
on_sweep(uv_timer_t *timer)
{
	struct cw_web *web = timer->data;
	uint64_t now = uv_now(web->config.loop);

	for (struct cw_web_call *call = web->calls, *next; call != NULL; call = next) {
		next = call->next;
		/* lws hangs up at its next turn, and then tells us that the call is gone. */
		if (call->deadline_ms != 0 && now > call->deadline_ms && call->wsi != NULL)
			lws_set_timeout(
			    call->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
	}
}

static int
check_pem(const char *path, const char *what, struct cw_err *err)
{
	return cw_file_exists(path)
	    ? CW_OK
	    : cw_fail(err, CW_ENOTFOUND, "the web front's %s %s is not there", what, path);
}

/* lws says of a port that is taken no more than that it cannot start. */
static int
check_port(const struct cw_web_config *config, struct cw_err *err)
{
	const char *address = config->listen != NULL ? config->listen : "0.0.0.0";
	struct sockaddr_storage ss = { 0 };
	int on = 1, fd, r = 0;

	if (uv_ip4_addr(address, config->port, (struct sockaddr_in *)&ss) != 0 &&
	    uv_ip6_addr(address, config->port, (struct sockaddr_in6 *)&ss) != 0)
		return cw_fail(err, CW_EINVAL,
		    "the web front listens on an IPv4 or IPv6 address, not on \"%.64s\"", address);
	if ((fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return cw_fail(err, CW_ESYS, "the web front has no socket: %s", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&ss,
		ss.ss_family == AF_INET ? sizeof(struct sockaddr_in)
					: sizeof(struct sockaddr_in6)) < 0)
		r = cw_fail(err, errno == EADDRINUSE ? CW_ECONFLICT : CW_ESYS,
		    "the web front cannot listen on %s port %u: %s", address, config->port,
		    strerror(errno));
	close(fd);
	return r;
}

static void
web_free(struct cw_web *web)
{
	free(web->listen);
	free(web->certificate);
	free(web->private_key);
	free(web);
}

static int
start(struct cw_web *web, struct cw_err *err)
{
	static const struct lws_protocols protocols[] = {
		{ .name = "http", .callback = cw_web_lws_callback },
		LWS_PROTOCOL_LIST_TERM,
	};
	void *loops[] = { web->config.loop };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
		    LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
		    LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
		.foreign_loops = loops,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.protocols = protocols,
		.user = web,
		.pcontext = &web->context,
		.max_http_header_pool = CW_WEB_CONNECTIONS_MAX,
		.max_http_header_data = CW_WEB_HEADERS_MAX,
		.fd_limit_per_thread = CW_WEB_CONNECTIONS_MAX + 8,
		.timeout_secs = CW_WEB_HEADERS_TIMEOUT_S,
		.timeout_secs_ah_idle = CW_WEB_HEADERS_TIMEOUT_S,
		.keepalive_timeout = CW_WEB_IDLE_TIMEOUT_S,
		/* Who waits long for an answer and is gone without a word is found out by TCP. */
		.ka_time = TCP_QUIET_S,
		.ka_interval = TCP_PROBE_S,
		.ka_probes = TCP_PROBES,
		.ssl_cert_filepath = web->certificate,
		.ssl_private_key_filepath = web->private_key,
		.alpn = "http/1.1",
		.iface = web->listen,
		.vhost_name = "web",
		.ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_RENEGOTIATION |
		    SSL_OP_CIPHER_SERVER_PREFERENCE,
		.ssl_cipher_list = "ECDHE+AESGCM:ECDHE+CHACHA20",
	};

	if ((web->context = lws_create_context(&info)) == NULL)
		return cw_fail(err, CW_ESYS, "the web front cannot start");
	/* lws takes port 0 as "any free one" for a virtual host. */
	info.port = web->config.port;
	if ((web->vhost = lws_create_vhost(web->context, &info)) == NULL ||
	    lws_get_vhost_listen_port(web->vhost) <= 0)
		return cw_fail(err, CW_ESYS,
		    "the web front cannot listen on %s port %u with certificate %s and key %s: do "
		    "the two belong together?",
		    web->listen != NULL ? web->listen : "any address", web->config.port,
		    web->certificate, web->private_key);
	web->port = (uint16_t)lws_get_vhost_listen_port(web->vhost);
	lws_log_level = CW_LOG_DEBUG;
	return CW_OK;
}

int
cw_web_new(struct cw_web **ret, const struct cw_web_config *config, struct cw_err *err)
{
	struct cw_web *web;
	int r;

	if ((r = check_pem(config->certificate, "certificate", err)) < 0 ||
	    (r = check_pem(config->private_key, "key", err)) < 0 ||
	    (r = check_port(config, err)) < 0)
		return r;
	lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
	if ((web = calloc(1, sizeof(*web))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	web->config = *config;
	web->listen = cw_strdup(config->listen);
	web->certificate = cw_strdup(config->certificate);
	web->private_key = cw_strdup(config->private_key);
	if (web->certificate == NULL || web->private_key == NULL ||
	    (config->listen != NULL && web->listen == NULL)) {
		web_free(web);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	uv_timer_init(config->loop, &web->sweep);
	web->sweep.data = web;
	uv_timer_start(&web->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	if ((r = start(web, err)) < 0) {
		cw_web_close(web, NULL, NULL);
		return r;
	}
	*ret = web;
	return CW_OK;
}

uint16_t
cw_web_port(const struct cw_web *web)
{
	return web->port;
}

unsigned
cw_web_open_calls(const struct cw_web *web)
{
	return web->open;
}

static void
on_sweep_closed(uv_handle_t *handle)
{
	struct cw_web *web = handle->data;
	void (*closed)(void *) = web->closed;
	void *arg = web->closed_arg;

	web_free(web);
	if (closed != NULL)
		closed(arg);
}

/* lws closes its handles over some turns of the loop, then forgets its context. */
static void
on_destroying(uv_timer_t *timer)
{
	struct cw_web *web = timer->data;

	if (web->context != NULL) {
		lws_context_destroy(web->context);
		if (web->context != NULL)
			return;
	}
	uv_close((uv_handle_t *)timer, on_sweep_closed);
}

void
cw_web_close(struct cw_web *web, void (*closed)(void *arg), void *arg)
{
	if (web == NULL || web->closing)
		return;
	web->closing = true;
	web->closed = closed;
	web->closed_arg = arg;
	if (web->context != NULL)
		lws_context_destroy(web->context);
	uv_timer_start(&web->sweep, on_destroying, 0, 5);
}
