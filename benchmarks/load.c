/* Load for a WebSocket server: many devices and browsers in one thread, with epoll.
 *
 *   cc -O2 -o load load.c && ./load --port 8000 --tokens FILE --devices N [--rate R] …
 *
 * It must cost far less than the server and says what it cost. It obeys lines on stdin and answers each
 * with a line of JSON on stdout:
 *   (start)      connect everything            {"online":…,"seconds":…}
 *   run SECONDS  report, then wait for acks    {"sent":…,"acked":…,"ack_ms":{…},"browser_ms":{…},"cpu_s":…}
 *   cut          close every socket at once    {"online":…,"seconds":…} when all are back
 *   quit
 * Frames are masked with a key of zeros: legal, free for us, and the server unmasks them all the same.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FRAME = 1 << 20, READ_BYTES = 1 << 18, TICK_MS = 1, DRAIN_S = 20, SETTLE_S = 1, CONNECT_S = 180 };
enum state { AWAY, CONNECTING, GREETING, ONLINE };

struct conn {
    int fd;
    bool browser;
    enum state state;
    const char *secret; /* a token or a cookie */
    unsigned char *in;  /* the beginning of a frame whose rest has not come yet */
    size_t in_len;
    char *out;
    size_t out_len, out_cap;
    bool wants_out;
    uint64_t seq, acked; /* on this connection */
    uint64_t count;      /* positions made, ever */
    double *sent_at;     /* ring by seq */
    int64_t last_ms;
    double retry_at, retry_after;
    int failures;
};

static struct {
    const char *host, *path, *browser_path, *origin, *fleet;
    int port, devices, browsers, batch, window, at_once;
    double rate, age;
    bool hello;
} opt = {"127.0.0.1", "/gps/connect", "/ws/dashboard", NULL, NULL, 8000, 0, 0, 1, 100, 100, 0, 86400, true};

struct histogram { /* BUCKETS counters, each so many milliseconds wide; the last takes the rest */
    double width;
    uint32_t *buckets;
    uint64_t total;
    double max;
};
enum { BUCKETS = 1 << 20 };

static struct histogram ack = {.width = 0.01}, seen = {.width = 1};
static struct {
    uint64_t sent, acked, lost, errors, closed, refused, busy, delivered, frames, bytes, stalled;
} now_n;

static struct conn *conns;
static int total, epoll, ring;
static int online, pending;
static bool sending;
static unsigned char input[READ_BYTES + MAX_FRAME + 16];

static double clock_s(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}
static double mono(void) { return clock_s(CLOCK_MONOTONIC); }
static int64_t wall_ms(void) { return (int64_t)(clock_s(CLOCK_REALTIME) * 1000); }
static double chance(double least, double most) { return least + (most - least) * (random() / (double)RAND_MAX); }

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void note(struct histogram *h, double ms) {
    int bucket = ms < 0 ? 0 : (int)(ms / h->width);
    h->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    h->total++;
    if (ms > h->max) h->max = ms;
}

static double quantile(const struct histogram *h, double q) {
    uint64_t wanted = (uint64_t)(h->total * q), counted = 0;
    for (int i = 0; i < BUCKETS; i++)
        if ((counted += h->buckets[i]) > wanted) return (i + 0.5) * h->width;
    return h->max;
}

static void clear(struct histogram *h) {
    memset(h->buckets, 0, BUCKETS * sizeof *h->buckets);
    h->total = 0;
    h->max = 0;
}

/* --- what goes out ---------------------------------------------------------------------------- */

static void watch(struct conn *c, bool out) {
    if (c->wants_out == out) return;
    struct epoll_event event = {.events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
    c->wants_out = out;
}

static void lose(struct conn *c);

static void flush(struct conn *c) {
    size_t done = 0;
    while (done < c->out_len) {
        ssize_t n = send(c->fd, c->out + done, c->out_len - done, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) break;
            lose(c);
            return;
        }
        done += n;
    }
    memmove(c->out, c->out + done, c->out_len - done);
    c->out_len -= done;
    watch(c, c->out_len > 0);
}

static char *room(struct conn *c, size_t bytes) {
    if (c->out_len + bytes > c->out_cap) {
        c->out_cap = (c->out_len + bytes) * 2;
        if (!(c->out = realloc(c->out, c->out_cap))) die("memory");
    }
    return c->out + c->out_len;
}

static void put_frame(struct conn *c, int opcode, const char *body, size_t length) {
    char *p = room(c, length + 14);
    *p++ = (char)(0x80 | opcode);
    if (length < 126) {
        *p++ = (char)(0x80 | length);
    } else if (length < 65536) {
        *p++ = (char)(0x80 | 126);
        *p++ = (char)(length >> 8);
        *p++ = (char)length;
    } else {
        *p++ = (char)(0x80 | 127);
        for (int shift = 56; shift >= 0; shift -= 8) *p++ = (char)((uint64_t)length >> shift);
    }
    memset(p, 0, 4);
    memcpy(p + 4, body, length);
    c->out_len = p + 4 + length - c->out;
}

static int put_fix(char *p, struct conn *c, int64_t ms) {
    int number = (int)(c - conns);
    uint64_t n = c->count++;
    return sprintf(p,
        "\"time\":%lld,\"latitude\":57.%06llu,\"longitude\":11.%06llu,\"speed\":%llu.5,\"heading\":%llu,"
        "\"battery\":87,\"ignition\":true",
        (long long)ms, (unsigned long long)((number * 7919 + n * 37) % 1000000),
        (unsigned long long)((number * 6971 + n * 53) % 1000000), (unsigned long long)(n % 30),
        (unsigned long long)(n * 7 % 360));
}

/* The time of the next fix: now when paced; a millisecond after the one before when flat out. */
static int64_t next_ms(struct conn *c, int64_t now) {
    if (opt.rate <= 0) return ++c->last_ms;
    c->last_ms = now > c->last_ms ? now : c->last_ms + 1;
    return c->last_ms;
}

static void report(struct conn *c, double now, int64_t now_ms) {
    static char body[256 * 1024];
    char *p = body;
    c->seq++;
    if (opt.batch == 1) {
        p += sprintf(p, "{\"type\":\"position\",\"seq\":%llu,", (unsigned long long)c->seq);
        p += put_fix(p, c, next_ms(c, now_ms));
        *p++ = '}';
    } else {
        p += sprintf(p, "{\"type\":\"positions\",\"seq\":%llu,\"items\":[", (unsigned long long)c->seq);
        for (int i = 0; i < opt.batch; i++) {
            *p++ = i ? ',' : ' ';
            *p++ = '{';
            p += put_fix(p, c, next_ms(c, now_ms - (int64_t)((opt.batch - 1 - i) * 1000 / (opt.rate > 0 ? opt.rate : 1000))));
            *p++ = '}';
        }
        *p++ = ']';
        *p++ = '}';
    }
    c->sent_at[c->seq % ring] = now;
    now_n.sent += opt.batch;
    put_frame(c, 1, body, p - body);
}

/* Flat out: as many frames as the window allows, in one write. */
static void fill_window(struct conn *c) {
    if (!sending || c->browser || c->state != ONLINE || opt.rate > 0) return;
    double now = mono();
    while (c->seq - c->acked < (uint64_t)opt.window) report(c, now, 0);
    if (c->out_len) flush(c);
}

/* --- what comes in ---------------------------------------------------------------------------- */

static const char *after(const char *text, size_t length, const char *word) {
    char *found = memmem(text, length, word, strlen(word));
    if (!found) return NULL;
    found += strlen(word);
    while (found < text + length && *found == ' ') found++;
    return found;
}

static void got_online(struct conn *c) {
    c->state = ONLINE;
    c->failures = 0;
    online++;
    pending--;
    fill_window(c);
}

static void on_ack(struct conn *c, uint64_t seq) {
    double now = mono();
    for (; c->acked < seq; c->acked++) {
        note(&ack, (now - c->sent_at[(c->acked + 1) % ring]) * 1000);
        now_n.acked += opt.batch;
    }
    fill_window(c);
}

static void on_device_frame(struct conn *c, const char *text, size_t length) {
    const char *seq;
    if (memmem(text, length < 24 ? length : 24, "\"ack\"", 5) && (seq = after(text, length, "\"seq\":"))) {
        on_ack(c, strtoull(seq, NULL, 10));
    } else if (memmem(text, length, "\"hello\"", 7)) {
        if (c->state == GREETING) got_online(c);
    } else if (memmem(text, length, "\"busy\"", 6)) {
        const char *wait = after(text, length, "\"retry_after\":");
        c->retry_after = wait ? strtod(wait, NULL) : 2;
        now_n.busy++;
    } else if (memmem(text, length, "\"error\"", 7)) {
        now_n.errors++;
    }
}

/* [[id,time,lat,lon,speed,heading,battery,alarm,ignition,accuracy,received,…],…]: strings in it hold no brackets. */
static void on_items(const char *p, const char *end) {
    int64_t now = wall_ms();
    int wanted = opt.rate > 0 ? 1 : 10; /* flat out, the devices' clocks are a day behind */
    while (p < end && (p = memchr(p, '[', end - p))) {
        int field = 0;
        for (p++; p < end && *p != ']'; p++) {
            if (*p != ',' || ++field != wanted) continue;
            note(&seen, (double)(now - strtoll(p + 1, NULL, 10)));
        }
        now_n.delivered++;
        if (p + 1 < end && p[1] == ']') return;
    }
}

static void on_browser_frame(struct conn *c, const char *text, size_t length) {
    const char *n = after(text, length < 200 ? length : 200, "\"n\":"), *p;
    now_n.frames++;
    if (n) {
        char body[64];
        put_frame(c, 1, body, sprintf(body, "{\"type\":\"ack\",\"n\":%ld}", strtol(n, NULL, 10)));
        flush(c);
    }
    if (memmem(text, length < 200 ? length : 200, "\"snapshot\"", 10)) {
        if (c->state == GREETING) got_online(c);
    } else if ((p = after(text, length, "\"items\":["))) {
        on_items(p, text + length);
    } else { /* the tutorial's server: an object a position */
        for (p = text; (p = after(p, text + length - p, "\"received\":"));) {
            now_n.delivered++;
            note(&seen, (double)(wall_ms() - strtoll(p, NULL, 10)));
        }
    }
}

static void on_frame(struct conn *c, int opcode, char *body, size_t length) {
    if (opcode == 1) {
        char kept = body[length];
        body[length] = 0; /* strtoll stops here */
        (c->browser ? on_browser_frame : on_device_frame)(c, body, length);
        body[length] = kept;
    } else if (opcode == 9) {
        put_frame(c, 10, body, length);
        flush(c);
    } else if (opcode == 8) {
        now_n.closed++;
        lose(c);
    }
}

/* Take whole frames from the front; return the bytes used. */
static size_t take_frames(struct conn *c, unsigned char *p, size_t length) {
    size_t used = 0;
    while (c->state >= GREETING && length - used >= 2) {
        unsigned char *f = p + used;
        size_t head = 2, size = f[1] & 127;
        if (size == 126) {
            if (length - used < 4) break;
            size = f[2] << 8 | f[3];
            head = 4;
        } else if (size == 127) {
            if (length - used < 10) break;
            size = 0;
            for (int i = 2; i < 10; i++) size = size << 8 | f[i];
            head = 10;
        }
        if (size > MAX_FRAME) {
            lose(c);
            return length;
        }
        if (length - used < head + size) break;
        used += head + size;
        on_frame(c, f[0] & 15, (char *)f + head, size);
    }
    return used;
}

static size_t take_answer(struct conn *c, unsigned char *p, size_t length) {
    unsigned char *end = memmem(p, length, "\r\n\r\n", 4);
    if (!end) return 0;
    if (length < 12 || memcmp(p + 9, "101", 3)) {
        now_n.refused++;
        lose(c);
        return length;
    }
    c->state = GREETING;
    if (c->browser) {
        char body[128];
        int size = opt.fleet ? sprintf(body, "{\"type\":\"subscribe\",\"fleets\":[\"%s\"]}", opt.fleet)
                             : sprintf(body, "{\"type\":\"subscribe\"}");
        put_frame(c, 1, body, size);
        flush(c);
    }
    if (!opt.hello && c->state == GREETING) got_online(c);
    return end + 4 - p;
}

static void on_readable(struct conn *c) {
    size_t length = c->in_len;
    memcpy(input, c->in, length);
    ssize_t n = recv(c->fd, input + length, READ_BYTES, 0);
    if (n <= 0) {
        if (n < 0 && errno == EAGAIN) return;
        lose(c);
        return;
    }
    now_n.bytes += n;
    length += n;
    size_t used = 0;
    if (c->state == CONNECTING) used = take_answer(c, input, length);
    if (c->state >= GREETING) used += take_frames(c, input + used, length - used);
    if (c->state == AWAY) return;
    free(c->in);
    c->in = NULL;
    if ((c->in_len = length - used)) {
        if (!(c->in = malloc(c->in_len))) die("memory");
        memcpy(c->in, input + used, c->in_len);
    }
}

/* --- coming and going --------------------------------------------------------------------------- */

static void lose(struct conn *c) {
    if (c->state == AWAY) return;
    if (c->state == ONLINE) online--;
    else pending--;
    if (!c->browser) now_n.lost += (c->seq - c->acked) * opt.batch;
    close(c->fd);
    c->state = AWAY;
    c->wants_out = false;
    c->out_len = c->in_len = 0;
    free(c->in);
    c->in = NULL;
    double pause = 0.5 * (1 << (c->failures < 6 ? c->failures : 6)) * chance(0.5, 1);
    if (c->retry_after > 0 && c->retry_after * 1.5 > pause) pause = c->retry_after * chance(1, 1.5);
    c->failures++;
    c->retry_after = 0;
    c->retry_at = mono() + pause;
}

static void begin(struct conn *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(opt.port)};
    int one = 1;
    inet_pton(AF_INET, opt.host, &address.sin_addr);
    if ((c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) < 0) die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->state = CONNECTING;
    c->seq = c->acked = 0;
    pending++;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
    c->wants_out = true;
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        lose(c);
        return;
    }
    char *p = room(c, 4096);
    int n = snprintf(p, 4096, "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
        c->browser ? opt.browser_path : opt.path, opt.host, opt.port);
    if (c->browser) n += snprintf(p + n, 4096 - n, "Origin: http://%s:%d\r\nCookie: %s\r\n\r\n", opt.host, opt.port, c->secret);
    else n += snprintf(p + n, 4096 - n, "Authorization: Bearer %s\r\n\r\n", c->secret);
    c->out_len += n;
}

static void poll_once(int wait_ms) {
    static struct epoll_event events[1024];
    int n = epoll_wait(epoll, events, 1024, wait_ms);
    for (int i = 0; i < n; i++) {
        struct conn *c = events[i].data.ptr;
        if (c->state != AWAY && events[i].events & EPOLLOUT) flush(c);
        if (c->state != AWAY && events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) on_readable(c);
    }
}

/* Connect whoever is away and may come; at most `at_once` handshakes open, 0: no limit. */
static void come(int at_once) {
    double now = mono();
    for (int i = 0; i < total && (!at_once || pending < at_once); i++)
        if (conns[i].state == AWAY && conns[i].retry_at <= now) begin(&conns[i]);
}

static void connect_all(int at_once, double started) {
    while (online < total && mono() - started < CONNECT_S) {
        come(at_once);
        poll_once(5);
    }
    printf("{\"online\":%d,\"of\":%d,\"seconds\":%.3f,\"busy\":%llu,\"refused\":%llu}\n", online, total,
        mono() - started, (unsigned long long)now_n.busy, (unsigned long long)now_n.refused);
    fflush(stdout);
}

/* --- what the one at stdin wants ---------------------------------------------------------------- */

static uint64_t unacked(void) {
    uint64_t frames = 0;
    for (int i = 0; i < opt.devices; i++)
        if (conns[i].state == ONLINE) frames += conns[i].seq - conns[i].acked;
    return frames * opt.batch;
}

static double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void run(double seconds) {
    memset(&now_n, 0, sizeof now_n);
    clear(&ack);
    clear(&seen);
    double cpu = cpu_s(), start = mono(), end = start + seconds, now, spent;
    uint64_t turns = 0;
    double gap = opt.rate > 0 && opt.devices ? opt.batch / opt.rate / opt.devices : 0;
    sending = true;
    for (int i = 0; i < opt.devices; i++) fill_window(&conns[i]);
    while ((now = mono()) < end) {
        int64_t ms = wall_ms();
        for (; gap && start + turns * gap <= now; turns++) {
            struct conn *c = &conns[turns % opt.devices];
            if (c->state != ONLINE || c->seq - c->acked >= (uint64_t)opt.window) {
                now_n.stalled += opt.batch;
                continue;
            }
            report(c, now, ms);
            flush(c);
        }
        come(opt.at_once);
        poll_once(TICK_MS);
    }
    sending = false;
    spent = end - start;
    while (unacked() && mono() < end + DRAIN_S) {
        poll_once(TICK_MS);
        spent = mono() - start;
    }
    cpu = cpu_s() - cpu;
    for (double until = mono() + (opt.browsers ? SETTLE_S : 0); mono() < until;) poll_once(TICK_MS);
    printf("{\"seconds\":%.3f,\"sent\":%llu,\"acked\":%llu,\"unacked\":%llu,\"lost\":%llu,\"stalled\":%llu,"
        "\"errors\":%llu,\"closed\":%llu,\"refused\":%llu,\"online\":%d,\"cpu_s\":%.3f,\"bytes\":%llu,"
        "\"ack_ms\":{\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f},\"delivered\":%llu,\"frames\":%llu,"
        "\"browser_ms\":{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}}\n",
        spent, (unsigned long long)now_n.sent, (unsigned long long)now_n.acked, (unsigned long long)unacked(),
        (unsigned long long)now_n.lost, (unsigned long long)now_n.stalled, (unsigned long long)now_n.errors,
        (unsigned long long)now_n.closed, (unsigned long long)now_n.refused, online, cpu,
        (unsigned long long)now_n.bytes, quantile(&ack, 0.5), quantile(&ack, 0.99), ack.max,
        (unsigned long long)now_n.delivered, (unsigned long long)now_n.frames,
        quantile(&seen, 0.5), quantile(&seen, 0.99), seen.max);
    fflush(stdout);
}

static void cut(void) {
    now_n.busy = now_n.refused = 0;
    for (int i = 0; i < total; i++) {
        lose(&conns[i]);
        conns[i].retry_at = 0;
        conns[i].failures = 0;
    }
    connect_all(0, mono());
}

static char **lines(const char *name, int wanted) {
    FILE *file = fopen(name, "r");
    char **list = calloc(wanted, sizeof *list), *line = NULL;
    size_t size = 0;
    if (!file) die(name);
    for (int i = 0; i < wanted; i++) {
        ssize_t n = getline(&line, &size, file);
        if (n < 0 && i == 0) { /* an empty file: servers that ask for no token */
            list[0] = "-";
            for (int j = 1; j < wanted; j++) list[j] = list[0];
            break;
        }
        if (n < 0) {
            fprintf(stderr, "load: %s has fewer than %d lines\n", name, wanted);
            exit(1);
        }
        line[strcspn(line, "\n")] = 0;
        list[i] = strdup(line);
    }
    fclose(file);
    free(line);
    return list;
}

static void options(int argc, char **argv, const char **tokens, const char **cookies) {
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(name, "--no-hello")) {
            opt.hello = false;
            continue;
        }
        i++;
        if (!strcmp(name, "--host")) opt.host = value;
        else if (!strcmp(name, "--port")) opt.port = atoi(value);
        else if (!strcmp(name, "--path")) opt.path = value;
        else if (!strcmp(name, "--browser-path")) opt.browser_path = value;
        else if (!strcmp(name, "--fleet")) opt.fleet = value;
        else if (!strcmp(name, "--tokens")) *tokens = value;
        else if (!strcmp(name, "--devices")) opt.devices = atoi(value);
        else if (!strcmp(name, "--cookies")) *cookies = value;
        else if (!strcmp(name, "--browsers")) opt.browsers = atoi(value);
        else if (!strcmp(name, "--rate")) opt.rate = atof(value);
        else if (!strcmp(name, "--batch")) opt.batch = atoi(value);
        else if (!strcmp(name, "--window")) opt.window = atoi(value);
        else if (!strcmp(name, "--at-once")) opt.at_once = atoi(value);
        else if (!strcmp(name, "--age")) opt.age = atof(value);
        else {
            fprintf(stderr, "load: unknown option %s\n", name);
            exit(2);
        }
    }
    if (opt.batch < 1 || opt.batch > 1000 || opt.window < 1) die("--batch is 1 to 1000, --window at least 1");
}

int main(int argc, char **argv) {
    const char *tokens = NULL, *cookies = NULL;
    options(argc, argv, &tokens, &cookies);
    srandom(7);
    total = opt.devices + opt.browsers;
    ring = opt.window + 1;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    ack.buckets = calloc(BUCKETS, sizeof *ack.buckets);
    seen.buckets = calloc(BUCKETS, sizeof *seen.buckets);
    conns = calloc(total + 1, sizeof *conns);
    char **secrets = opt.devices ? lines(tokens, opt.devices) : NULL;
    char **sessions = opt.browsers ? lines(cookies, opt.browsers) : NULL;
    int64_t base = wall_ms() - (int64_t)(opt.age * 1000);
    for (int i = 0; i < total; i++) {
        conns[i].browser = i >= opt.devices;
        conns[i].secret = conns[i].browser ? sessions[i - opt.devices] : secrets[i];
        conns[i].last_ms = opt.rate > 0 ? 0 : base;
        if (!conns[i].browser) conns[i].sent_at = calloc(ring, sizeof(double));
    }
    epoll = epoll_create1(0);
    connect_all(opt.at_once, mono());
    /* While nobody asks for anything the sockets live on: stdin is polled between them. */
    fcntl(0, F_SETFL, O_NONBLOCK);
    char line[64];
    for (;;) {
        ssize_t n = read(0, line, sizeof line - 1);
        if (n == 0) return 0;
        if (n < 0) {
            come(opt.at_once);
            poll_once(20);
            continue;
        }
        line[n] = 0;
        if (!strncmp(line, "run ", 4)) run(atof(line + 4));
        else if (!strncmp(line, "cut", 3)) cut();
        else if (!strncmp(line, "quit", 4)) return 0;
    }
}
