/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client.
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

#include "https.h"

#define ANSWER_MAX (4u << 20)

static SSL *ssl;
static char answer[ANSWER_MAX + 1];

static void
die(const char *what)
{
	fprintf(stderr, "https: %s\n", what);
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

void
https_dial(const char *host, const char *port, const char *ca_file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != 1)
		die("the CA cannot be read");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (SSL_set1_host(ssl, host) != 1 || SSL_set_fd(ssl, dial(host, port)) != 1 ||
	    SSL_connect(ssl) != 1)
		die("no TLS connection");
}

size_t
https_request(char *ret, size_t size, const char *method, const char *path, const char *host,
    const char *key, const char *body)
{
	int n = snprintf(ret, size,
	    "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Length: "
	    "%zu\r\n\r\n%s",
	    method, path, host, key, strlen(body), body);

	if (n < 0 || (size_t)n >= size)
		die("the request is too long");
	return (size_t)n;
}

/* The answer, whole; its length is known. */
static const char *
receive(void)
{
	const char *body = NULL, *length;
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
			body += 4;
			want = (size_t)(body - answer) + strtoul(length + 16, NULL, 10);
		}
	} while (want == 0 || have < want);
	return body;
}

const char *
https_ask(const char *request, size_t n)
{
	const char *body;

	if (SSL_write(ssl, request, (int)n) != (int)n)
		die("the connection ended");
	body = receive();
	if (strncmp(answer, "HTTP/1.1 2", 10) != 0)
		die(answer);
	return body;
}

void
https_close(void)
{
	SSL_free(ssl);
}
