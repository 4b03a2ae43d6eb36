/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTPS client against a server that misbehaves: HTTP/1.1 on a thread, which does
 * what the path says.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/err.h"
#include "crypto/pki.h"
#include "graph/graph.h"
#include "graph/http.h"
#include "os/clock.h"
#include "os/file.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static struct {
	int listener;
	SSL_CTX *tls;
	atomic_int connections, drops; /* seen */
} server;

static int
answer(SSL *s, const char *request)
{
	static char block[65536];
	char head[256];
	const char *status = strstr(request, "/moved") != NULL ? "302 Found" : "200 OK";
	size_t n = strstr(request, "/long") != NULL ? CW_GRAPH_ANSWER_MAX + 1 : 2;

	if (strstr(request, " /drop") != NULL) {
		server.drops++;
		return -1;
	}
	(void)snprintf(head, sizeof(head),
	    "HTTP/1.1 %s\r\nContent-Length: %zu\r\nETag: \"7\"\r\nRetry-After: 3\r\n"
	    "Location: /drop\r\n\r\n",
	    status, n);
	if (SSL_write(s, head, (int)strlen(head)) <= 0)
		return -1;
	memset(block, ' ', sizeof(block));
	for (size_t part; n > 0; n -= part) {
		part = n < sizeof(block) ? n : sizeof(block);
		if (SSL_write(s, block, (int)part) <= 0)
			return -1;
	}
	return 0;
}

static void *
serve_one(void *arg)
{
	int fd = *(int *)arg, n, len = 0;
	char request[8192];
	SSL *s = SSL_new(server.tls);

	free(arg);
	SSL_set_fd(s, fd);
	if (SSL_accept(s) == 1)
		while ((n = SSL_read(s, request + len, (int)sizeof(request) - 1 - len)) > 0) {
			len += n;
			request[len] = '\0';
			if (strstr(request, "\r\n\r\n") == NULL)
				continue;
			if (answer(s, request) < 0)
				break;
			len = 0;
		}
	SSL_free(s);
	close(fd);
	return NULL;
}

static void *
serve(void *arg)
{
	pthread_t threads[32];
	size_t n = 0;
	int fd;

	(void)arg;
	while (n < CW_COUNT(threads) && (fd = accept(server.listener, NULL, NULL)) >= 0) {
		int *own = malloc(sizeof(*own));

		*own = fd;
		server.connections++;
		pthread_create(&threads[n++], NULL, serve_one, own);
	}
	while (n > 0)
		pthread_join(threads[--n], NULL);
	return NULL;
}

static unsigned
start(const char *ca_file, const char *other_ca_file)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	struct cw_pki_issuer ca;
	struct cw_buf pem;
	EVP_PKEY *key;
	X509 *cert, *other;
	int64_t now = cw_clock_unix_ms();

	CHECK_EQ(cw_pki_key_new(&ca.key, NULL), 0);
	CHECK_EQ(cw_pki_key_new(&key, NULL), 0);
	CHECK_EQ(cw_pki_ca_new(&ca.ca, ca.key, "test", 1, now, NULL), 0);
	CHECK_EQ(cw_pki_ca_new(&other, key, "other", 1, now, NULL), 0);
	CHECK_EQ(cw_pki_issue_server(&cert, &ca, key, "localhost,127.0.0.1", 1, now, NULL), 0);
	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	CHECK_EQ(cw_pki_cert_put(&pem, ca.ca, NULL), 0);
	CHECK_EQ(cw_file_write(ca_file, cw_buf_peek(&pem), cw_buf_left(&pem), true, NULL), 0);
	cw_buf_clear(&pem);
	CHECK_EQ(cw_pki_cert_put(&pem, other, NULL), 0);
	CHECK_EQ(cw_file_write(other_ca_file, cw_buf_peek(&pem), cw_buf_left(&pem), true, NULL), 0);
	cw_buf_free(&pem);
	server.tls = SSL_CTX_new(TLS_server_method());
	CHECK_EQ(SSL_CTX_use_certificate(server.tls, cert), 1);
	CHECK_EQ(SSL_CTX_use_PrivateKey(server.tls, key), 1);
	X509_free(ca.ca);
	X509_free(other);
	X509_free(cert);
	EVP_PKEY_free(ca.key);
	EVP_PKEY_free(key);
	server.listener = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(bind(server.listener, (struct sockaddr *)&at, len), 0);
	CHECK_EQ(listen(server.listener, 16), 0);
	CHECK_EQ(getsockname(server.listener, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static struct {
	int calls, code;
	enum cw_graph_end end;
	long status;
	int64_t retry_after_ms;
	char etag[16], text[CW_ERR_TEXT_MAX];
} out;

static void
done(void *arg, const struct cw_http_answer *a, const struct cw_err *err)
{
	(void)arg;
	out.calls++;
	out.code = err->code;
	out.end = a->end;
	out.status = a->status;
	out.retry_after_ms = a->retry_after_ms;
	(void)snprintf(out.etag, sizeof(out.etag), "%s", a->etag != NULL ? a->etag : "");
	(void)snprintf(out.text, sizeof(out.text), "%s", err->text);
}

static void
ask(struct cw_http *h, uv_loop_t *loop, const char *name, unsigned port, const char *path,
    bool once)
{
	struct cw_http_exchange *x;
	char url[64];

	test_case = name;
	memset(&out, 0, sizeof(out));
	server.drops = 0;
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u%s", port, path);
	CHECK_EQ(cw_http_send(&x, h,
		     &(struct cw_http_send){ .method = "PATCH",
			 .url = url,
			 .once = once,
			 .timeout_ms = 20000,
			 .whom = "Graph" },
		     done, NULL, NULL),
	    0);
	while (out.calls == 0)
		uv_run(loop, UV_RUN_ONCE);
}

static void
closed(void *arg)
{
	++*(int *)arg;
}

int
main(void)
{
	char dir[] = "/tmp/cw-graph-http-XXXXXX", ca[64], other[64];
	struct cw_http *h, *distrusts;
	uv_loop_t loop;
	pthread_t thread;
	unsigned port;
	int gone = 0;

	signal(SIGPIPE, SIG_IGN);
	setenv("no_proxy", "*", 1);
	test_case = "start";
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(ca, sizeof(ca), "%s/ca.pem", dir);
	(void)snprintf(other, sizeof(other), "%s/other.pem", dir);
	port = start(ca, other);
	pthread_create(&thread, NULL, serve, NULL);
	uv_loop_init(&loop);
	CHECK_EQ(cw_http_new(&h, &loop, ca, NULL), 0);
	CHECK_EQ(cw_http_new(&distrusts, &loop, other, NULL), 0);

	ask(h, &loop, "an answer", port, "/", false);
	CHECK_EQ(out.code, CW_OK);
	CHECK_EQ(out.status, 200);
	CHECK_STR(out.etag, "\"7\"");
	CHECK_EQ(out.retry_after_ms, 3000);
	ask(h, &loop, "the connection is kept", port, "/", false);
	CHECK_EQ(server.connections, 1);
	ask(h, &loop, "a kept connection ends: libcurl repeats by itself", port, "/drop", false);
	CHECK_EQ(server.drops, 2);
	ask(h, &loop, "a connection to keep", port, "/", false);
	ask(h, &loop, "but never what must go out once", port, "/drop", true);
	CHECK_EQ(server.drops, 1);
	CHECK_EQ(out.code, CW_EUNAVAILABLE);
	CHECK_EQ(out.end, CW_GRAPH_BROKEN);
	ask(h, &loop, "a redirect is an answer", port, "/moved", false);
	CHECK_EQ(out.status, 302);
	CHECK_EQ(server.drops, 0);
	ask(h, &loop, "too long", port, "/long", false);
	CHECK_EQ(out.code, CW_ELIMIT);
	CHECK_STR(out.text, "Graph answered with more than 8388608 bytes");
	ask(distrusts, &loop, "another CA", port, "/drop", false);
	CHECK_EQ(out.code, CW_EUNAVAILABLE);
	CHECK_EQ(out.end, CW_GRAPH_NOT_SENT);
	CHECK_EQ(server.drops, 0);
	CHECK(strstr(out.text, "certificate of Graph is not trusted") != NULL);

	shutdown(server.listener, SHUT_RDWR);
	close(server.listener);
	ask(distrusts, &loop, "nobody listens", port, "/", false);
	CHECK_EQ(out.code, CW_EUNAVAILABLE);
	CHECK_EQ(out.end, CW_GRAPH_NOT_SENT);

	cw_http_close(h, closed, &gone);
	cw_http_close(distrusts, closed, &gone);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(gone, 2);
	CHECK_EQ(uv_loop_close(&loop), 0);
	pthread_join(thread, NULL);
	SSL_CTX_free(server.tls);
	(void)unlink(ca);
	(void)unlink(other);
	(void)rmdir(dir);
	return test_failed;
}
