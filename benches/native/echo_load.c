/* Load for an echo server: connections that each have one message under way, and send the next when it is back.
 *
 * usage: echo_load PORT CONNECTIONS BYTES SECONDS
 * The first message of each connection is compared byte by byte; then it prints `running`. What comes back in the first
 * fifth of SECONDS is not counted. At the end it prints `MESSAGES SECONDS`: round trips, and the time they took. What is
 * under way then is waited for, so that the server sees its connections end as they should.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1024 * 1024, BATCH = 256 };
static const double WARM_UP = 0.2;  /* of the time */
static const double WIND_UP = 10.0; /* seconds that the last messages may take */

struct connection {
    int fd;
    size_t sent, received; /* of the message under way */
    bool verified;
};

static char *message, *buffer;
static size_t size;
static long round_trips;
static int unverified, under_way;
static bool ending;

static void fail(const char *operation) {
    perror(operation);
    exit(1);
}

static void refuse(const char *reason) {
    fprintf(stderr, "%s\n", reason);
    exit(1);
}

static void *allocate(size_t bytes) {
    void *memory = calloc(1, bytes);
    if (!memory)
        fail("calloc");
    return memory;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int dial(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Sends what is left of the message, as far as the kernel takes it. */
static void fill(struct connection *it) {
    if (ending && it->sent == 0)
        return;
    while (it->sent < size) {
        ssize_t sent = send(it->fd, message + it->sent, size - it->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EAGAIN)
                return;
            fail("send");
        }
        it->sent += sent;
    }
}

static void take(struct connection *it, size_t length) {
    if (it->received + length > it->sent)
        refuse("the server sent more than it got");
    if (!it->verified && memcmp(buffer, message + it->received, length) != 0)
        refuse("the server sent something else than it got");
    it->received += length;
    if (it->received < size)
        return;
    if (!it->verified) {
        it->verified = true;
        unverified--;
    }
    round_trips++;
    it->sent = it->received = 0;
    if (ending)
        under_way--;
    else
        fill(it);
}

/* Edge-triggered: reads until the socket is empty, which a short read tells without another call. */
static void drain(struct connection *it) {
    for (;;) {
        ssize_t got = recv(it->fd, buffer, BUFFER, MSG_DONTWAIT);
        if (got == 0)
            refuse("the server closed the connection");
        if (got < 0) {
            if (errno == EAGAIN)
                return;
            fail("recv");
        }
        take(it, got);
        if (got < BUFFER)
            return;
    }
}

/* Goes on until `deadline`, or until `left` is 0. Returns the time. */
static double run(int epoll, double deadline, const int *left) {
    struct epoll_event events[BATCH];
    double time;
    while ((time = now()) < deadline && *left > 0) {
        int ready = epoll_wait(epoll, events, BATCH, 100);
        if (ready < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            if (events[i].events & EPOLLOUT)
                fill(events[i].data.ptr);
            if (events[i].events & ~EPOLLOUT)
                drain(events[i].data.ptr);
            if (events[i].events & EPOLLRDHUP)
                refuse("the server closed the connection");
        }
    }
    return time;
}

int main(int count, char **arguments) {
    if (count != 5)
        refuse("usage: echo_load PORT CONNECTIONS BYTES SECONDS");
    int port = atoi(arguments[1]), connections = atoi(arguments[2]), epoll = epoll_create1(EPOLL_CLOEXEC);
    double started, ended, seconds = atof(arguments[4]);
    size = strtoul(arguments[3], NULL, 10);
    if (port <= 0 || connections <= 0 || size == 0 || seconds <= 0)
        refuse("PORT, CONNECTIONS, BYTES and SECONDS are numbers above 0");
    if (epoll < 0)
        fail("epoll_create1");

    message = allocate(size);
    buffer = allocate(BUFFER);
    for (size_t i = 0; i < size; i++)
        message[i] = (char)(i * 31 + i / 251);
    struct connection *all = allocate(connections * sizeof *all);
    unverified = under_way = connections;
    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = &all[i]};
        all[i].fd = dial(port);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event) < 0)
            fail("epoll_ctl");
    }

    run(epoll, INFINITY, &unverified);
    puts("running");
    fflush(stdout);
    started = run(epoll, now() + seconds * WARM_UP, &connections);
    round_trips = 0;
    ended = run(epoll, started + seconds * (1 - WARM_UP), &connections);
    printf("%ld %.6f\n", round_trips, ended - started);
    fflush(stdout);
    ending = true;
    run(epoll, now() + WIND_UP, &under_way);
    return 0;
}
