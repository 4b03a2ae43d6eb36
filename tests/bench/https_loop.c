/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request again and again over one kept-alive HTTPS connection, and how long each
 * took: https-loop HOST PORT CA.PEM KEY N METHOD PATH [BODY]. Prints p50, p99 and the most
 * as one JSON object. The client is OpenSSL on a blocking socket, so that next to nothing
 * of the time is its own.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "os/clock.h"

#define ANSWER_MAX (4u << 20)
#define WARM_UP 200

static SSL *ssl;
static char answer[ANSWER_MAX + 1];

static void
die(const char *what)
{
	fprintf(stderr, "https-loop: %s\n", what);
	exit(1);
}

static int
dial(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	int fd = -1, on = 1;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		die("no such host");
	for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	if (fd < 0)
		die("cannot connect");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void
shake_hands(const char *host, const char *port, const char *ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		die("the CA cannot be read");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (SSL_set1_host(ssl, host) != 1 || SSL_set_fd(ssl, dial(host, port)) != 1 ||
	    SSL_connect(ssl) != 1)
		die("no TLS connection");
}

/* The answer, whole; its length is known, or it comes in chunks. Returns its bytes. */
static size_t
receive(void)
{
	const char *body, *length;
	size_t have = 0, want = 0;
	int n;

	do {
		if ((n = SSL_read(ssl, answer + have, (int)(ANSWER_MAX - have))) <= 0)
			die("the connection ended");
		have += (size_t)n;
		answer[have] = '\0';
		if (want == 0 && (body = strstr(answer, "\r\n\r\n")) != NULL) {
			length = strstr(answer, "content-length: ");
			if (length == NULL || length > body)
				die("the answer's length is not known");
			want = (size_t)(body + 4 - answer) + strtoul(length + 16, NULL, 10);
		}
	} while (want == 0 || have < want);
	return have;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	const char *body = argc > 8 ? argv[8] : "";
	static char request[8192];
	uint64_t *took, began;
	int n = argc > 5 ? atoi(argv[5]) : 0, len;

	if (argc < 8 || n <= 0)
		die("usage: https-loop HOST PORT CA.PEM KEY N METHOD PATH [BODY]");
	len = snprintf(request, sizeof(request),
	    "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Length: "
	    "%zu\r\n\r\n%s",
	    argv[6], argv[7], argv[1], argv[4], strlen(body), body);
	shake_hands(argv[1], argv[2], argv[3]);
	took = calloc((size_t)n, sizeof(*took));
	for (int i = -WARM_UP; i < n; i++) {
		began = cw_clock_ns();
		if (SSL_write(ssl, request, len) != len)
			die("the connection ended");
		(void)receive();
		if (i >= 0)
			took[i] = cw_clock_ns() - began;
		if (strncmp(answer, "HTTP/1.1 2", 10) != 0)
			die(answer);
	}
	qsort(took, (size_t)n, sizeof(*took), compare);
	printf("{\"request\":\"%s %s\",\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"most_ms\":%.4f}\n",
	    argv[6], argv[7], (double)took[n / 2] / 1e6, (double)took[n * 99 / 100] / 1e6,
	    (double)took[n - 1] / 1e6);
	free(took);
	SSL_free(ssl);
	return 0;
}
