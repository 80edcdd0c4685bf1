/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/ring.h"
#include "sdbg/text/quote.h"

/* What stands before the bytes of each batch. */
typedef struct RingBatch {
        uint32_t len;
        uint8_t stream;
        uint8_t partial;
        uint16_t magic;
        uint64_t entry, seq, lines, offset, time;
} RingBatch;

#define BATCH_MAGIC 0x5DB6
/* The largest batch of output, and more than any record. */
#define BATCH_LEN_MAX ((uint32_t) 1024 * 1024)

static uint64_t padded(size_t len) {
        return sizeof(RingBatch) + ((len + 7) & ~(size_t) 7);
}

void ring_done(Ring *r) {
        r->fd = close_fd(r->fd);
}

static int write_at(int fd, const void *data, size_t len, off_t offset) {
        const char *p = data;

        while (len > 0) {
                ssize_t n = pwrite(fd, p, len, offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                offset += n;
                len -= n;
        }
        return 0;
}

static int read_at(int fd, void *data, size_t len, off_t offset) {
        ssize_t n = pread(fd, data, len, offset);

        if (n < 0)
                return -errno;
        return (size_t) n == len ? 0 : -EBADMSG;
}

/* The part of [pos, pos + len) that lies before the end of the data area. */
static size_t first_part(const Ring *r, uint64_t pos, size_t len) {
        return MIN(len, r->header.capacity - pos % r->header.capacity);
}

static int write_data(Ring *r, uint64_t pos, const void *data, size_t len) {
        size_t n = first_part(r, pos, len);
        int k;

        k = write_at(r->fd, data, n, RING_DATA + pos % r->header.capacity);
        if (k < 0 || n == len)
                return k;
        return write_at(r->fd, (const char *) data + n, len - n, RING_DATA);
}

static int read_data(const Ring *r, uint64_t pos, void *data, size_t len) {
        size_t n = first_part(r, pos, len);
        int k;

        k = read_at(r->fd, data, n, RING_DATA + pos % r->header.capacity);
        if (k < 0 || n == len)
                return k;
        return read_at(r->fd, (char *) data + n, len - n, RING_DATA);
}

int ring_store_header(Ring *r) {
        return write_at(r->fd, &r->header, sizeof(r->header), 0);
}

int ring_store_audit(Ring *r) {
        return write_at(r->fd, &r->audit, sizeof(r->audit), RING_AUDIT);
}

/* What one ring may take of its file system. */
static uint64_t fair_share(int fd) {
        struct statvfs vfs;

        if (fstatvfs(fd, &vfs) < 0)
                return RING_CAPACITY;
        return (uint64_t) vfs.f_bavail * vfs.f_frsize / 8 / 4096 * 4096;
}

int ring_create(Ring *r, int dirfd, const char *run, uint64_t capacity) {
        int k;

        *r = RING_INIT;
        /* A reader of the run before keeps its file; this is a new one. */
        (void) unlinkat(dirfd, "ring", 0);
        r->fd = openat(dirfd, "ring", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (r->fd < 0)
                return -errno;

        memcpy(r->header.magic, RING_MAGIC, sizeof(r->header.magic));
        memcpy(r->header.run, run, strnlen(run, sizeof(r->header.run)));
        r->header.capacity = MAX(MIN(MIN(capacity, RING_CAPACITY), fair_share(r->fd)), RING_CAPACITY_MIN);

        /* At its full size at once, though without memory: what pads a batch is never written. */
        k = ftruncate(r->fd, RING_DATA + r->header.capacity) < 0 ? -errno : ring_store_header(r);
        if (k >= 0)
                k = ring_store_audit(r);
        if (k < 0)
                ring_done(r);
        return k;
}

int ring_open(Ring *r, int dirfd, bool write) {
        int k;

        *r = RING_INIT;
        r->fd = openat(dirfd, "ring", (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
        if (r->fd < 0)
                return -errno;
        k = ring_refresh(r);
        if (k < 0)
                ring_done(r);
        return k;
}

int ring_refresh(Ring *r) {
        int k;

        k = read_at(r->fd, &r->header, sizeof(r->header), 0);
        if (k < 0)
                return k;
        if (memcmp(r->header.magic, RING_MAGIC, sizeof(r->header.magic)) != 0 || r->header.capacity == 0 ||
            r->header.capacity > RING_CAPACITY)
                return -EBADMSG;
        return ring_refresh_audit(r);
}

int ring_refresh_audit(Ring *r) {
        return read_at(r->fd, &r->audit, sizeof(r->audit), RING_AUDIT);
}

/* What would be held if nothing before `limit` were. */
static uint64_t held(const Ring *r, uint64_t limit) {
        return r->header.head - MIN(MAX(limit, r->header.tail), r->header.head);
}

bool ring_has_room(const Ring *r, size_t len, uint64_t limit, uint64_t most) {
        uint64_t size = held(r, limit) + padded(len);

        return size <= MIN(most, r->header.capacity) && (size <= RING_KEPT || size <= fair_share(r->fd));
}

/* Whether `size` bytes more are too many for what the ring holds from `tail` on. */
static bool is_too_full(const Ring *r, uint64_t tail, uint64_t size, uint64_t limit) {
        uint64_t sum = r->header.head - tail + size;

        return sum > r->header.capacity || (sum > RING_KEPT && tail < limit);
}

/* Moves the tail over whole batches until there is room for `size` bytes more. */
static int make_room(Ring *r, uint64_t size, uint64_t limit) {
        RingHeader *h = &r->header;
        uint64_t tail = h->tail;

        while (tail < h->head && is_too_full(r, tail, size, limit)) {
                RingBatch b;
                int k = read_data(r, tail, &b, sizeof(b));

                if (k < 0)
                        return k;
                tail += padded(b.len);
        }
        if (tail == h->tail)
                return 0;
        h->tail = tail;
        h->sent = MAX(h->sent, tail);
        /* Stored before anything is overwritten, so that a reader can tell what it may trust. */
        return ring_store_header(r);
}

/* A piece of this size is worth a system call. */
#define FREE_PIECE ((uint64_t) 1024 * 1024)

/* Gives back the memory of what is before the tail, in a ring that has more room than is kept. */
static void free_pages(Ring *r) {
        uint64_t capacity = r->header.capacity, end = r->header.tail / 4096 * 4096, len;
        uint64_t lap = MAX(r->header.head, capacity) - capacity; /* what is before has been overwritten */

        if (capacity <= RING_KEPT)
                return;
        r->freed = MAX(r->freed, (lap + 4095) / 4096 * 4096);
        while (end >= r->freed + FREE_PIECE) {
                uint64_t at = r->freed % capacity;

                len = MIN(end - r->freed, capacity - at);
                (void) fallocate(r->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, RING_DATA + at, len);
                r->freed += len;
        }
}

int ring_trim(Ring *r, uint64_t limit) {
        int k = make_room(r, 0, limit);

        free_pages(r);
        return k;
}

int ring_append(Ring *r, const Batch *b, uint64_t limit) {
        RingBatch head = {
                .len = b->len,
                .stream = b->stream,
                .partial = b->partial,
                .magic = BATCH_MAGIC,
                .entry = b->entry,
                .seq = b->seq,
                .lines = b->lines,
                .offset = b->offset,
                .time = b->time,
        };
        int k;

        if (b->len > BATCH_LEN_MAX)
                return -EMSGSIZE;
        k = make_room(r, padded(b->len), limit);
        free_pages(r);
        if (k >= 0)
                k = write_data(r, r->header.head, &head, sizeof(head));
        if (k >= 0)
                k = write_data(r, r->header.head + sizeof(head), b->data, b->len);
        if (k < 0)
                return k;
        if (b->stream != STREAM_RECORD) {
                r->header.lines = MAX(r->header.lines, b->seq + b->lines - 1);
                r->header.bytes += b->len;
                r->header.last = r->header.head;
        }
        r->header.head += padded(b->len);
        return ring_store_header(r);
}

/* Whether what was read at `pos` had not been overwritten meanwhile. */
static int still_there(const Ring *r, uint64_t pos) {
        RingHeader now;
        int k = read_at(r->fd, &now, sizeof(now), 0);

        if (k < 0)
                return k;
        return now.tail <= pos ? 0 : -ESTALE;
}

static bool is_sound(const RingBatch *head) {
        return head->magic == BATCH_MAGIC && head->len <= BATCH_LEN_MAX && head->stream < _STREAM_MAX &&
               (head->len > 0 || head->stream == STREAM_RECORD);
}

static void fill_batch(Batch *b, const RingBatch *head, const char *data) {
        *b = (Batch){
                .stream = head->stream,
                .entry = head->entry,
                .seq = head->seq,
                .lines = head->lines,
                .offset = head->offset,
                .time = head->time,
                .partial = head->partial,
                .data = data,
                .len = head->len,
        };
}

static int read_payload(const Ring *r, uint64_t pos, size_t len, char **buf, size_t *buf_size) {
        if (*buf_size < len) {
                char *p = realloc(*buf, len);

                if (!p)
                        return -ENOMEM;
                *buf = p;
                *buf_size = len;
        }
        return read_data(r, pos, *buf, len);
}

int ring_read(const Ring *r, uint64_t *pos, Batch *b, char **buf, size_t *buf_size) {
        RingBatch head;
        int k;

        if (*pos < r->header.tail)
                return -ESTALE;
        if (*pos >= r->header.head)
                return 0;
        if (r->header.head - *pos > r->header.capacity)
                return -EBADMSG;

        k = read_data(r, *pos, &head, sizeof(head));
        if (k < 0)
                return k;
        if (!is_sound(&head))
                return still_there(r, *pos) < 0 ? -ESTALE : -EBADMSG;
        if (buf) {
                k = read_payload(r, *pos + sizeof(head), head.len, buf, buf_size);
                if (k < 0)
                        return k;
        }
        k = still_there(r, *pos);
        if (k < 0)
                return k;

        fill_batch(b, &head, buf ? *buf : NULL);
        *pos += padded(head.len);
        return 1;
}

char *ring_last_line(const Ring *r, size_t max) {
        _cleanup_free_ char *data = NULL;
        uint64_t pos = r->header.last;
        const char *newline, *line;
        size_t size = 0, len;
        Batch b;

        if (r->header.lines == 0 || ring_read(r, &pos, &b, &data, &size) <= 0 || b.stream == STREAM_RECORD)
                return NULL;
        len = b.len - !b.partial;
        newline = memrchr(b.data, '\n', len);
        line = newline ? newline + 1 : b.data;
        return printable_line(line, b.data + len - line, max);
}

/* The length of the whole batches among `len` bytes. */
static size_t whole_batches(const char *data, size_t len) {
        size_t sum = 0;
        RingBatch head;

        while (len - sum >= sizeof(head)) {
                memcpy(&head, data + sum, sizeof(head));
                if (!is_sound(&head) || padded(head.len) > len - sum)
                        break;
                sum += padded(head.len);
        }
        return sum;
}

int ring_snapshot(Ring *r, uint64_t from, Buf *ret, uint64_t *ret_from) {
        size_t len;
        char *p;
        int k;

        k = ring_refresh(r);
        if (k < 0)
                return k;
        ret->len = 0;
        *ret_from = from = MIN(MAX(from, r->header.tail), r->header.head);
        if (r->header.head - from > r->header.capacity)
                return -EBADMSG;
        len = MIN(r->header.head - from, RING_KEPT);
        p = buf_reserve(ret, len + 1);
        if (!p)
                return -ENOMEM;
        k = read_data(r, from, p, len);
        if (k < 0)
                return k;
        ret->len = len;

        /* What the writer has overwritten meanwhile is cut off at the front. */
        k = ring_refresh(r);
        if (k < 0)
                return k;
        if (r->header.tail > from) {
                buf_consume(ret, MIN(r->header.tail - from, ret->len));
                *ret_from = r->header.tail;
        }
        if (len < RING_KEPT)
                return 0;
        ret->len = whole_batches(ret->data, ret->len);
        return ret->len > 0 || *ret_from > from ? 0 : -EBADMSG;
}

int ring_parse(const Buf *snapshot, size_t *offset, Batch *b) {
        const char *p = snapshot->data + *offset;
        size_t left = snapshot->len - *offset;
        RingBatch head;

        if (left == 0)
                return 0;
        if (left < sizeof(head))
                return -EBADMSG;
        memcpy(&head, p, sizeof(head));
        if (!is_sound(&head) || padded(head.len) > left)
                return -EBADMSG;
        fill_batch(b, &head, p + sizeof(head));
        *offset += padded(head.len);
        return 1;
}
