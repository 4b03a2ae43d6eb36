/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web server with a client in a thread of its own: real sockets, real TLS.
 */
#include <stdio.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "api/web.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/pki.h"
#include "os/clock.h"
#include "os/file.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static uv_loop_t loop;
static uv_async_t stop;
static struct cw_web *web;
static unsigned gone; /* read by the client only while it waits for /gone */
static bool closed;

struct stream {
	struct cw_web_call *call;
	uv_timer_t timer;
	size_t left;
	bool paused;
};

static void
free_stream(uv_handle_t *handle)
{
	free(handle->data);
}

static void
on_gone(void *arg)
{
	struct stream *s = arg;

	gone++;
	uv_close((uv_handle_t *)&s->timer, free_stream);
}

static void
produce(struct stream *s)
{
	char piece[1000];

	memset(piece, 'x', sizeof(piece));
	while (s->left > 0) {
		size_t n = s->left < sizeof(piece) ? s->left : sizeof(piece);

		s->left -= n;
		if (cw_web_put(s->call, piece, n))
			return; /* goes on when drained */
	}
	cw_web_end(s->call);
	uv_close((uv_handle_t *)&s->timer, free_stream);
}

static void
on_drained(void *arg)
{
	produce(arg);
}

static void
on_timer(uv_timer_t *timer)
{
	struct stream *s = timer->data;

	cw_web_answer(s->call, 200, "text/plain", "later", 5);
	uv_close((uv_handle_t *)timer, free_stream);
}

static struct stream *
stream_new(struct cw_web_call *call)
{
	struct stream *s = calloc(1, sizeof(*s));

	s->call = call;
	uv_timer_init(&loop, &s->timer);
	s->timer.data = s;
	cw_web_on_gone(call, on_gone, s);
	return s;
}

static void
echo(struct cw_web_call *call)
{
	const char *body, *a = cw_web_query(call, "a"), *bearer = cw_web_bearer(call);
	struct cw_buf b;
	size_t n;

	cw_web_body(call, &body, &n);
	cw_buf_init(&b, 4096);
	(void)cw_buf_printf(&b, "%s %s a=%s body=%zu:%.*s bearer=%s prefer=%s", cw_web_method(call),
	    cw_web_path(call), a != NULL ? a : "-", n, n < 20 ? (int)n : 0, body,
	    bearer != NULL ? bearer : "-", cw_web_prefer(call) != NULL ? cw_web_prefer(call) : "-");
	cw_web_answer(call, 200, "text/plain", cw_buf_peek(&b), cw_buf_left(&b));
	cw_buf_free(&b);
}

static void
on_call(void *arg, struct cw_web_call *call)
{
	const char *path = cw_web_path(call), *n = cw_web_query(call, "n");
	struct stream *s;

	(void)arg;
	if (strcmp(path, "/later") == 0) {
		s = stream_new(call);
		uv_timer_start(&s->timer, on_timer, 20, 0);
	} else if (strcmp(path, "/stream") == 0) {
		s = stream_new(call);
		s->left = n != NULL ? strtoul(n, NULL, 10) : 0;
		cw_web_on_drained(call, on_drained, s);
		cw_web_begin(call, 200, "text/plain");
		produce(s);
	} else if (strcmp(path, "/never") == 0) {
		(void)stream_new(call);
	} else if (strcmp(path, "/break") == 0) {
		cw_web_begin(call, 200, "text/plain");
		(void)cw_web_put(call, "half", 4);
		cw_web_flush(call);
		cw_web_break(call);
	} else if (strcmp(path, "/gone") == 0) {
		cw_web_answer(call, 200, "text/plain", gone > 0 ? "yes" : "no", gone > 0 ? 3 : 2);
	} else if (strcmp(path, "/extra") == 0) {
		cw_web_header(call, "x-one", "1");
		cw_web_header(call, "retry-after", "7");
		cw_web_answer(call, 204, NULL, "", 0);
	} else if (strcmp(path, "/again") == 0) {
		cw_web_begin(call, 200, "text/plain");
		cw_web_header(call, "x-one", "1");
		(void)cw_web_put(call, "half", 4);
		if (n == NULL)
			CHECK(cw_web_restart(call));
		cw_web_fail(call, 503, "unavailable", "later");
	} else if (strcmp(path, "/fail") == 0) {
		cw_web_fail(call, 404, "not_found", "no \"such\" thing");
	} else {
		echo(call);
	}
}

/* --- the client */

static char folder[] = "/tmp/cw-web-XXXXXX";
static char cert_path[64], key_path[64];

struct answer {
	long status;
	long connects;
	CURLcode code;
	struct cw_buf head; /* kept when it has a maximum */
	struct cw_buf body;
	size_t bytes, most; /* most: stop reading after so many */
};

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;

	a->bytes += size * n;
	if (a->bytes <= 4096)
		(void)cw_buf_put(&a->body, p, size * n);
	return a->most > 0 && a->bytes >= a->most ? 0 : size * n;
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;

	if (a->head.max > 0)
		(void)cw_buf_put(&a->head, p, size * n);
	return size * n;
}

static void
call(CURL *curl, struct answer *a, long version, const char *method, const char *path,
    const char *body, size_t body_len, const char *header)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer cwk_x");
	char url[512];

	if (header != NULL)
		headers = curl_slist_append(headers, header);
	headers = curl_slist_append(headers, "Expect:");
	(void)snprintf(url, sizeof(url), "https://localhost:%u%s", cw_web_port(web), path);
	curl_easy_reset(curl);
	a->bytes = 0;
	cw_buf_clear(&a->body);
	cw_buf_clear(&a->head);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CAINFO, cert_path);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, version);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
	if (body != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body_len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	a->code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
	curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &a->connects);
	curl_slist_free_all(headers);
}

#define LARGE_MAX (3u << 20)

static size_t
body_max(void *arg, const struct cw_web_call *call)
{
	(void)arg;
	CHECK_STR(cw_web_bearer(call), "cwk_x");
	if (strcmp(cw_web_path(call), "/hidden") == 0)
		return 0;
	return strcmp(cw_web_path(call), "/large") == 0 ? LARGE_MAX : CW_WEB_BODY_MAX;
}

static const struct {
	const char *name, *method, *path, *body, *header;
	long status;
	const char *answer; /* NULL: not looked at */
} rows[] = {
	{ "get", "GET", "/echo", NULL, NULL, 200, "GET /echo a=- body=0: bearer=cwk_x prefer=-" },
	{ "query, escaped", "GET", "/e%20f?a=b%26c&d", NULL, NULL, 200,
	    "GET /e f a=b&c body=0: bearer=cwk_x prefer=-" },
	{ "post", "POST", "/echo", "hello", NULL, 200,
	    "POST /echo a=- body=5:hello bearer=cwk_x prefer=-" },
	{ "post of nothing", "POST", "/echo", "", NULL, 200,
	    "POST /echo a=- body=0: bearer=cwk_x prefer=-" },
	{ "patch of nothing", "PATCH", "/echo", "", NULL, 200,
	    "PATCH /echo a=- body=0: bearer=cwk_x prefer=-" },
	{ "put", "PUT", "/echo", "hello", NULL, 200,
	    "PUT /echo a=- body=5:hello bearer=cwk_x prefer=-" },
	{ "patch", "PATCH", "/echo", "{}", NULL, 200,
	    "PATCH /echo a=- body=2:{} bearer=cwk_x prefer=-" },
	{ "delete", "DELETE", "/echo/1", NULL, NULL, 200,
	    "DELETE /echo/1 a=- body=0: bearer=cwk_x prefer=-" },
	{ "a later answer", "GET", "/later", NULL, NULL, 200, "later" },
	{ "a later answer to a post", "POST", "/later", "x", NULL, 200, "later" },
	{ "a stream that is small", "GET", "/stream?n=5", NULL, NULL, 200, "xxxxx" },
	{ "a stream of nothing", "GET", "/stream?n=0", NULL, NULL, 200, "" },
	{ "no content", "GET", "/extra", NULL, NULL, 204, "" },
	{ "another answer after all", "GET", "/again", NULL, NULL, 503,
	    "{\"error\":{\"code\":\"unavailable\",\"message\":\"later\"}}" },
	{ "an error after all", "GET", "/again?n", NULL, NULL, 503,
	    "{\"error\":{\"code\":\"unavailable\",\"message\":\"later\"}}" },
	{ "an error", "GET", "/fail", NULL, NULL, 404,
	    "{\"error\":{\"code\":\"not_found\",\"message\":\"no \\\"such\\\" thing\"}}" },
	{ "a path that is not UTF-8", "GET", "/%ff", NULL, NULL, 400, NULL },
	{ "a query with a NUL", "GET", "/echo?a=b%00c", NULL, NULL, 400, NULL },
	{ "dots", "GET", "/a/../../etc", NULL, NULL, 200,
	    "GET /etc a=- body=0: bearer=cwk_x prefer=-" },
};

static void
check_version(CURL *curl, long version, const char *name)
{
	struct answer a = { 0 };
	char what[128];
	char *large = calloc(1, LARGE_MAX + 1);

	cw_buf_init(&a.body, 8192);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		(void)snprintf(what, sizeof(what), "%s: %s", name, rows[i].name);
		test_case = what;
		call(curl, &a, version, rows[i].method, rows[i].path, rows[i].body,
		    rows[i].body != NULL ? strlen(rows[i].body) : 0, rows[i].header);
		CHECK_EQ(a.code, CURLE_OK);
		CHECK_EQ(a.status, rows[i].status);
		CHECK_EQ(a.connects, i == 0 ? 1 : 0); /* kept alive */
		if (rows[i].answer != NULL)
			CHECK_STR(cw_buf_str(&a.body), rows[i].answer);
	}
	(void)snprintf(what, sizeof(what), "%s: large", name);
	test_case = what;
	call(curl, &a, version, "POST", "/echo", large, CW_WEB_BODY_MAX, NULL);
	CHECK_EQ(a.status, 200);
	CHECK(strstr(cw_buf_str(&a.body), "body=1048576:") != NULL);
	call(curl, &a, version, "POST", "/echo", large, CW_WEB_BODY_MAX + 1, NULL);
	CHECK_EQ(a.status, 413);
	for (unsigned i = 0; i < 2 * CW_WEB_LARGE_MAX; i++) {
		call(curl, &a, version, "POST", "/large", large, LARGE_MAX, NULL);
		CHECK_EQ(a.status, 200);
		CHECK(strstr(cw_buf_str(&a.body), "body=3145728:") != NULL);
	}
	call(curl, &a, version, "POST", "/large", large, LARGE_MAX + 1, NULL);
	CHECK_EQ(a.status, 413);
	CHECK(strstr(cw_buf_str(&a.body), "larger than 3 MB: split the script") != NULL);
	call(curl, &a, version, "POST", "/hidden", large, LARGE_MAX, NULL);
	CHECK_EQ(a.status, 200);
	CHECK(strstr(cw_buf_str(&a.body), "body=0:") != NULL);
	CHECK_EQ(a.connects, 0);
	call(curl, &a, version, "GET", "/stream?n=20000000", NULL, 0, NULL);
	CHECK_EQ(a.status, 200);
	CHECK_EQ(a.code, CURLE_OK);
	CHECK_EQ(a.bytes, 20000000);
	call(curl, &a, version, "GET", "/break", NULL, 0, NULL);
	CHECK(a.code != CURLE_OK);
	free(large);
	cw_buf_free(&a.body);
}

static const struct {
	const char *name, *method, *path;
	long status;
	const char *has, *has_not;
} heads[] = {
	{ "HEAD", "HEAD", "/echo", 200, "content-length: 44\r\n", "x-one" },
	{ "HEAD of a stream", "HEAD", "/stream?n=20000000", 200, "content-length: 20000000\r\n",
	    "chunked" },
	{ "headers of one's own", "GET", "/extra", 204, "x-one: 1\r\nretry-after: 7\r\n",
	    "content-length" },
	{ "headers of what was taken back", "HEAD", "/again", 503, "HTTP/1.1 503", "x-one" },
};

static void
check_http1(CURL *curl)
{
	struct answer a = { 0 };

	cw_buf_init(&a.body, 8192);
	test_case = "prefer";
	call(curl, &a, CURL_HTTP_VERSION_1_1, "GET", "/echo", NULL, 0, "Prefer: wait=5");
	CHECK_STR(cw_buf_str(&a.body), "GET /echo a=- body=0: bearer=cwk_x prefer=wait=5");
	test_case = "chunks in a request";
	call(
	    curl, &a, CURL_HTTP_VERSION_1_1, "POST", "/echo", "x", 1, "Transfer-Encoding: chunked");
	CHECK_EQ(a.status, 411);
	test_case = "a length that is none";
	call(curl, &a, CURL_HTTP_VERSION_1_1, "POST", "/echo", "x", 1, "Content-Length: -1");
	CHECK_EQ(a.status, 400);
	test_case = "HTTP/1.0";
	call(curl, &a, CURL_HTTP_VERSION_1_0, "GET", "/stream?n=3000000", NULL, 0, NULL);
	CHECK_EQ(a.bytes, 3000000);
	cw_buf_init(&a.head, 8192);
	for (size_t i = 0; i < CW_COUNT(heads); i++) {
		test_case = heads[i].name;
		call(
		    curl, &a, CURL_HTTP_VERSION_1_1, heads[i].method, heads[i].path, NULL, 0, NULL);
		CHECK_EQ(a.status, heads[i].status);
		CHECK_EQ(a.bytes, 0);
		CHECK(strstr(cw_buf_str(&a.head), heads[i].has) != NULL);
		CHECK(strstr(cw_buf_str(&a.head), heads[i].has_not) == NULL);
	}
	cw_buf_free(&a.head);
	a.head.max = 0;
	call(curl, &a, CURL_HTTP_VERSION_1_1, "GET", "/later", NULL, 0, NULL);
	CHECK_EQ(a.connects, 0);
	test_case = "headers without end";
	{
		char *header = calloc(1, 40000);

		memset(header, 'a', 39999);
		memcpy(header, "X-A: ", 5);
		call(curl, &a, CURL_HTTP_VERSION_1_1, "GET", "/echo", NULL, 0, header);
		CHECK(a.code != CURLE_OK || a.status >= 400 || a.status == 200);
		free(header);
	}
	cw_buf_free(&a.body);
}

/* A client that leaves while its answer is awaited, or half written. */
static void
check_gone(CURL *curl, long version)
{
	struct answer a = { .most = 1 };
	CURL *other = curl_easy_init();

	test_case = "gone";
	cw_buf_init(&a.body, 8192);
	call(other, &a, version, "GET", "/stream?n=900000000", NULL, 0, NULL);
	CHECK_EQ(a.code, CURLE_WRITE_ERROR);
	curl_easy_cleanup(other);
	a.most = 0;
	for (int i = 0; i < 2000; i++) {
		call(curl, &a, version, "GET", "/gone", NULL, 0, NULL);
		if (strcmp(cw_buf_str(&a.body), "yes") == 0)
			break;
		uv_sleep(5);
	}
	CHECK_STR(cw_buf_str(&a.body), "yes");
	cw_buf_free(&a.body);
}

static void
measure(CURL *curl, long version, const char *name)
{
	struct answer a = { 0 };
	uint64_t start = cw_clock_ns();

	cw_buf_init(&a.body, 8192);
	for (int i = 0; i < 500; i++)
		call(curl, &a, version, "POST", "/echo", "{}", 2, NULL);
	printf("%s: %.3f ms a request\n", name, (double)(cw_clock_ns() - start) / 500e6);
	cw_buf_free(&a.body);
}

static void
client(void *arg)
{
	CURL *one = curl_easy_init(), *two = curl_easy_init();

	(void)arg;
	check_version(one, CURL_HTTP_VERSION_1_1, "HTTP/1.1");
	check_version(two, CURL_HTTP_VERSION_2_0, "HTTP/2 asked for"); /* and not given */
	curl_easy_cleanup(one);
	one = curl_easy_init();
	check_http1(one);
	curl_easy_cleanup(one);
	one = curl_easy_init();
	check_gone(one, CURL_HTTP_VERSION_1_1);
	measure(one, CURL_HTTP_VERSION_1_1, "HTTP/1.1");
	curl_easy_cleanup(one);
	curl_easy_cleanup(two);
	uv_async_send(&stop);
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed = true;
}

static void
on_stop(uv_async_t *handle)
{
	cw_web_close(web, on_closed, NULL);
	uv_close((uv_handle_t *)handle, NULL);
}

static void
make_certificate(void)
{
	struct cw_err err = { 0 };
	struct cw_buf pem;
	EVP_PKEY *key = NULL;
	X509 *ca = NULL, *cert = NULL;
	struct cw_pki_issuer issuer;

	CHECK(mkdtemp(folder) != NULL);
	(void)snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", folder);
	(void)snprintf(key_path, sizeof(key_path), "%s/key.pem", folder);
	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	CHECK_EQ(cw_pki_key_new(&key, &err), 0);
	CHECK_EQ(cw_pki_ca_new(&ca, key, "test", 1, cw_clock_unix_ms(), &err), 0);
	issuer = (struct cw_pki_issuer){ ca, key };
	CHECK_EQ(
	    cw_pki_issue_server(&cert, &issuer, key, "localhost", 2, cw_clock_unix_ms(), &err), 0);
	CHECK_EQ(cw_pki_cert_put(&pem, cert, &err), 0);
	CHECK_EQ(cw_pki_cert_put(&pem, ca, &err), 0);
	CHECK_EQ(cw_file_write(cert_path, cw_buf_peek(&pem), cw_buf_left(&pem), false, &err), 0);
	cw_buf_clear(&pem);
	CHECK_EQ(cw_pki_key_put(&pem, key, &err), 0);
	CHECK_EQ(cw_file_write(key_path, cw_buf_peek(&pem), cw_buf_left(&pem), true, &err), 0);
	cw_buf_free_secret(&pem);
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
}

int
main(void)
{
	struct cw_web_config config = { .loop = &loop,
		.listen = "127.0.0.1",
		.certificate = cert_path,
		.private_key = key_path,
		.on_call = on_call,
		.body_max = body_max };
	struct cw_err err = { 0 };
	uv_thread_t thread;

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	uv_loop_init(&loop);
	make_certificate();
	test_case = "starts";
	CHECK_EQ(cw_web_new(&web, &config, &err), CW_OK);
	CHECK_STR(err.text, "");
	if (!test_failed) {
		uv_async_init(&loop, &stop, on_stop);
		uv_thread_create(&thread, client, NULL);
		uv_run(&loop, UV_RUN_DEFAULT);
		uv_thread_join(&thread);
		test_case = "closes";
		CHECK(closed);
	}
	test_case = "a port that is taken";
	{
		struct sockaddr_in any = { .sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t n = sizeof(any);
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		CHECK_EQ(bind(fd, (struct sockaddr *)&any, n), 0);
		CHECK_EQ(listen(fd, 1), 0);
		CHECK_EQ(getsockname(fd, (struct sockaddr *)&any, &n), 0);
		config.port = ntohs(any.sin_port);
		CHECK_EQ(cw_web_new(&web, &config, &err), CW_ECONFLICT);
		CHECK(strstr(err.text, "127.0.0.1 port ") != NULL);
		config.port = 0;
		close(fd);
	}
	test_case = "not an address";
	config.listen = "bridge";
	CHECK_EQ(cw_web_new(&web, &config, &err), CW_EINVAL);
	config.listen = "127.0.0.1";
	test_case = "no key";
	config.private_key = "/nonexistent";
	CHECK_EQ(cw_web_new(&web, &config, &err), CW_ENOTFOUND);
	test_case = "not a pair";
	config.private_key = cert_path;
	CHECK_EQ(cw_web_new(&web, &config, &err), CW_ESYS);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	(void)remove(cert_path);
	(void)remove(key_path);
	(void)rmdir(folder);
	curl_global_cleanup();
	return test_failed;
}
