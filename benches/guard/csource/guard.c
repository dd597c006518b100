/* What a scenario needs that must cost nothing itself: the marks between its sections, the peer at the other end of a
 * connection, and a count. None of it allocates, and none of it is of the library that is measured. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#define MARK "rondel-guard-mark"
#define MOST_MARKS 16
/* strace knows the peers by their descriptors: see PEERS_FROM in system_calls.py. */
#define PEERS_FROM 900
#define PATIENCE 10000 /* milliseconds */

/* Marks. Each of the three tools takes note of the same call: strace of a write that fails, callgrind of its client
 * requests, and allocations.c of nothing: its counters are copied. */

typedef struct {
    unsigned long rondel, python;
} Allocations;

static Allocations noted[MOST_MARKS];
static int marks;
static void (*read_allocations)(unsigned long *, unsigned long *);

static PyObject *mark(PyObject *self, PyObject *none) {
    if (marks == MOST_MARKS) {
        PyErr_SetString(PyExc_RuntimeError, "too many marks");
        return NULL;
    }
    if (marks == 0) {
        CALLGRIND_START_INSTRUMENTATION;
        CALLGRIND_ZERO_STATS;
    } else {
        CALLGRIND_DUMP_STATS;
    }
    if (read_allocations)
        read_allocations(&noted[marks].rondel, &noted[marks].python);
    marks++;
    if (write(-1, MARK, strlen(MARK)) != -1) {
        PyErr_SetString(PyExc_RuntimeError, "descriptor -1 can be written to");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *watch(PyObject *self, PyObject *args) {
    unsigned long begin, end;
    if (!PyArg_ParseTuple(args, "kk", &begin, &end))
        return NULL;
    void (*of_caller)(unsigned long, unsigned long);
    *(void **)&of_caller = dlsym(RTLD_DEFAULT, "rondel_guard_watch");
    *(void **)&read_allocations = dlsym(RTLD_DEFAULT, "rondel_guard_read");
    if (of_caller)
        of_caller(begin, end);
    return PyBool_FromLong(of_caller != NULL);
}

static PyObject *allocations(PyObject *self, PyObject *none) {
    PyObject *list = PyList_New(marks);
    for (int i = 0; list && i < marks; i++) {
        PyObject *pair = Py_BuildValue("(kk)", noted[i].rondel, noted[i].python);
        if (!pair)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, pair);
    }
    return list;
}

/* The peer: sends a message, waits for all of its echo, sends the next, in the calls that the scenario makes. So there
 * is always exactly one message under way, and it is there as a whole when the loop looks. */

typedef struct {
    PyObject_HEAD
    int descriptor;
    Py_ssize_t size, back, left;
    char *buffer;
} Peer;

static int wait_until(Peer *self, short events) {
    struct pollfd one = {.fd = self->descriptor, .events = events};
    int ready = poll(&one, 1, PATIENCE);
    if (ready == 1)
        return 0;
    if (ready == 0)
        errno = ETIMEDOUT;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

static int send_message(Peer *self) {
    Py_ssize_t sent = 0;
    while (sent < self->size) {
        ssize_t count = send(self->descriptor, self->buffer + sent, self->size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0) {
            sent += count;
        } else if (errno != EAGAIN) {
            PyErr_SetFromErrno(PyExc_OSError);
            return -1;
        } else if (wait_until(self, POLLOUT) < 0) {
            return -1;
        }
    }
    return 0;
}

static int receive(Peer *self, Py_ssize_t expected) {
    while (expected > 0) {
        ssize_t count = recv(self->descriptor, self->buffer, expected, MSG_DONTWAIT);
        if (count > 0) {
            expected -= count;
        } else if (count == 0) {
            PyErr_SetString(PyExc_ConnectionError, "the connection was closed");
            return -1;
        } else if (errno != EAGAIN) {
            PyErr_SetFromErrno(PyExc_OSError);
            return -1;
        } else if (wait_until(self, POLLIN) < 0) {
            return -1;
        }
    }
    return 0;
}

static int peer_init(PyObject *object, PyObject *args, PyObject *keywords) {
    Peer *self = (Peer *)object;
    static char *names[] = {"descriptor", "size", "message", NULL};
    int descriptor;
    Py_ssize_t size, given = 0;
    const char *message = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "in|y#", names, &descriptor, &size, &message, &given))
        return -1;
    if (message)
        size = given;
    self->size = size;
    self->buffer = calloc(1, size);
    self->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, PEERS_FROM);
    if (!self->buffer || self->descriptor < 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    if (message)
        memcpy(self->buffer, message, size);
    return 0;
}

static void peer_dealloc(PyObject *object) {
    Peer *self = (Peer *)object;
    if (self->descriptor > 0)
        close(self->descriptor);
    free(self->buffer);
    PyTypeObject *type = Py_TYPE(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *peer_begin(PyObject *object, PyObject *count) {
    Peer *self = (Peer *)object;
    self->left = PyLong_AsSsize_t(count);
    self->back = 0;
    if (self->left == -1 && PyErr_Occurred())
        return NULL;
    if (send_message(self) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *peer_echoed(PyObject *object, PyObject *data) {
    Peer *self = (Peer *)object;
    Py_ssize_t length = PyObject_Size(data);
    if (length < 0 || receive(self, length) < 0)
        return NULL;
    self->back += length;
    if (self->back < self->size)
        Py_RETURN_FALSE;
    self->back -= self->size;
    if (--self->left == 0)
        Py_RETURN_TRUE;
    if (send_message(self) < 0)
        return NULL;
    Py_RETURN_FALSE;
}

static PyObject *peer_send(PyObject *object, PyObject *none) {
    if (send_message((Peer *)object) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* A request of HTTP without a body, which ends with an empty line. */
static PyObject *peer_answer(PyObject *object, PyObject *none) {
    Peer *self = (Peer *)object;
    char request[4096];
    size_t length = 0;
    while (length < 4 || memcmp(request + length - 4, "\r\n\r\n", 4) != 0) {
        if (wait_until(self, POLLIN) < 0)
            return NULL;
        ssize_t count = recv(self->descriptor, request + length, sizeof request - length, MSG_DONTWAIT);
        if (count <= 0) {
            PyErr_SetString(PyExc_ConnectionError, "there is no whole request");
            return NULL;
        }
        length += count;
    }
    if (send_message(self) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *peer_receive(PyObject *object, PyObject *none) {
    if (receive((Peer *)object, ((Peer *)object)->size) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef peer_methods[] = {
    {"begin", peer_begin, METH_O, "Sends the first of so many messages."},
    {"echoed", peer_echoed, METH_O,
     "Waits for the echo of this data; sends the next message when one is back as a whole. True after the last."},
    {"send", peer_send, METH_NOARGS, "Sends a message."},
    {"receive", peer_receive, METH_NOARGS, "Waits for a message."},
    {"answer", peer_answer, METH_NOARGS, "Waits for a request, and sends the message."},
    {NULL},
};
static PyType_Slot peer_slots[] = {
    {Py_tp_init, peer_init}, {Py_tp_dealloc, peer_dealloc}, {Py_tp_methods, peer_methods}, {0}};
static PyType_Spec peer_spec = {"rondel_guard.Peer", sizeof(Peer), 0, Py_TPFLAGS_DEFAULT, peer_slots};

/* A count: an int of Python would be an allocation each time. */

typedef struct {
    PyObject_HEAD
    Py_ssize_t left;
} Countdown;

static int countdown_init(PyObject *object, PyObject *args, PyObject *keywords) {
    return PyArg_ParseTuple(args, "n", &((Countdown *)object)->left) ? 0 : -1;
}

static PyObject *countdown_step(PyObject *object, PyObject *none) {
    return PyBool_FromLong(--((Countdown *)object)->left <= 0);
}

static PyMethodDef countdown_methods[] = {
    {"step", countdown_step, METH_NOARGS, "Counts one; True when that was the last."},
    {NULL},
};
static PyType_Slot countdown_slots[] = {{Py_tp_init, countdown_init}, {Py_tp_methods, countdown_methods}, {0}};
static PyType_Spec countdown_spec = {
    "rondel_guard.Countdown", sizeof(Countdown), 0, Py_TPFLAGS_DEFAULT, countdown_slots};

static PyMethodDef functions[] = {
    {"mark", mark, METH_NOARGS, "Ends a section and begins the next."},
    {"watch", watch, METH_VARARGS, "Says where the library lies whose allocations count apart; False: none are counted."},
    {"allocations", allocations, METH_NOARGS, "How many there had been at each mark: by the library, by all others."},
    {NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "rondel_guard", NULL, -1, functions};

PyMODINIT_FUNC PyInit_rondel_guard(void) {
    PyObject *result = PyModule_Create(&module);
    if (!result)
        return NULL;
    PyObject *peer = PyType_FromSpec(&peer_spec);
    PyObject *countdown = PyType_FromSpec(&countdown_spec);
    if (!peer || !countdown || PyModule_AddObjectRef(result, "Peer", peer) < 0 ||
        PyModule_AddObjectRef(result, "Countdown", countdown) < 0)
        Py_CLEAR(result);
    Py_XDECREF(peer);
    Py_XDECREF(countdown);
    return result;
}
