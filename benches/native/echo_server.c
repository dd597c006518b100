/* The limit: an echo server that does what any must, and nothing more. One thread, epoll, one receive buffer.
 *
 * usage: echo_server
 * Listens on a free port of 127.0.0.1, prints its number on a line, serves until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The buffer holds the largest message of the bench; a larger one only costs cache. */
enum { BUFFER = 128 * 1024, BATCH = 256, BACKLOG = 1024 };

/* What the kernel did not take yet waits here; meanwhile nothing is read from this connection. */
struct connection {
    int fd;
    char *unsent;
    size_t length;
};

static char buffer[BUFFER];
static int epoll;

static void fail(const char *operation) {
    perror(operation);
    exit(1);
}

static void watch(int operation, int fd, uint32_t events, void *who) {
    struct epoll_event event = {.events = events, .data.ptr = who};
    if (epoll_ctl(epoll, operation, fd, &event) < 0)
        fail("epoll_ctl");
}

static int listener(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, BACKLOG) < 0)
        fail("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        fail("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void accept_one(int listening) {
    int on = 1, fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct connection *made;
    if (fd < 0)
        return; /* It left before we came. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!(made = calloc(1, sizeof *made)))
        fail("calloc");
    made->fd = fd;
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, made);
}

static void end(struct connection *it) {
    close(it->fd);
    free(it->unsent);
    free(it);
}

/* Returns how much the kernel took, or -1 when the connection is lost. */
static ssize_t write_some(struct connection *it, const char *data, size_t length) {
    ssize_t sent = send(it->fd, data, length, MSG_NOSIGNAL);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

static void on_readable(struct connection *it) {
    ssize_t sent, got = recv(it->fd, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0 || (sent = write_some(it, buffer, got)) < 0) {
        end(it);
        return;
    }
    if (sent == got)
        return;
    it->length = got - sent;
    if (!(it->unsent = malloc(it->length)))
        fail("malloc");
    memcpy(it->unsent, buffer + sent, it->length);
    watch(EPOLL_CTL_MOD, it->fd, EPOLLOUT, it);
}

static void on_writable(struct connection *it) {
    ssize_t sent = write_some(it, it->unsent, it->length);
    if (sent < 0) {
        end(it);
        return;
    }
    it->length -= sent;
    memmove(it->unsent, it->unsent + sent, it->length);
    if (it->length)
        return;
    free(it->unsent);
    it->unsent = NULL;
    watch(EPOLL_CTL_MOD, it->fd, EPOLLIN, it);
}

int main(void) {
    struct epoll_event events[BATCH];
    int listening = listener();
    if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        fail("epoll_create1");
    watch(EPOLL_CTL_ADD, listening, EPOLLIN, NULL);
    for (;;) {
        int ready = epoll_wait(epoll, events, BATCH, -1);
        if (ready < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            struct connection *it = events[i].data.ptr;
            if (!it)
                accept_one(listening);
            else if (it->unsent)
                on_writable(it);
            else
                on_readable(it);
        }
    }
}
