// What SQLite and the disk can do: the same schema, triggers, indexes, and durability as Dosette's journal,
// written by one thread in C with nothing in the way.
//
//   JournalBaseline append DIRECTORY SQL... --rows N --batch N [--events N] [--projections]
//   JournalBaseline scan FILE --threads N [--hash]
//
// Each prints one line of JSON.
#include <openssl/sha.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { ENTRY_BYTES = 240, EVENTS_OF_A_STREAM = 25, VIEW_BYTES = 900, COMMITS_MAXIMUM = 4000000 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what, sqlite3 *database) {
    fprintf(stderr, "%s: %s\n", what, database ? sqlite3_errmsg(database) : "failed");
    exit(1);
}

static void run(sqlite3 *database, const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) fail(sql, database);
}

static char *text_of(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path, NULL);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size) fail(path, NULL);
    fclose(file);
    return text;
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        fail(sql, database);
    return statement;
}

static void step(sqlite3 *database, sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_sql(statement), database);
    sqlite3_reset(statement);
}

// The plain functions: the one-shot SHA256() of OpenSSL 3 looks its algorithm up anew for each call.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static unsigned char hash(const unsigned char *bytes, size_t count) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes, count);
    SHA256_Final(digest, &context);
    return digest[0];
}
#pragma GCC diagnostic pop

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

// MARK: - Append

struct writer {
    sqlite3 *database;
    sqlite3_stmt *begin, *commit, *event, *order, *change, *work, *due;
    long long position;
    unsigned char sink;
};

static struct writer open_writer(const char *directory, int count, char **files) {
    struct writer writer = {0};
    char path[4096];
    mkdir(directory, 0700);
    snprintf(path, sizeof path, "%s/journal.sqlite", directory);
    if (sqlite3_open(path, &writer.database) != SQLITE_OK) fail(path, writer.database);
    run(writer.database, "PRAGMA journal_mode = WAL");
    run(writer.database, "PRAGMA synchronous = FULL");
    run(writer.database, "PRAGMA wal_autocheckpoint = 8000");
    run(writer.database, "PRAGMA secure_delete = ON");
    run(writer.database, "PRAGMA foreign_keys = ON");
    for (int index = 0; index < count; index++) {
        char *text = text_of(files[index]);
        run(writer.database, text);
        free(text);
    }
    run(writer.database,
        "INSERT INTO definition VALUES ('0000000000000000000000000000000000000000000000000000000000000000',"
        " 'baseline', 1, '')");
    writer.begin = prepare(writer.database, "BEGIN IMMEDIATE");
    writer.commit = prepare(writer.database, "COMMIT");
    writer.event = prepare(writer.database,
        "INSERT INTO journal (position, stream, version, entry) VALUES (?, ?, ?, ?)");
    writer.order = prepare(writer.database,
        "INSERT INTO orders (stream, source, order_id, clinic, priority, content_digest, workflow_digest,"
        " version, prescription_state, is_open, is_queued, is_watched, received_at_ms, changed_at_ms, view)"
        " VALUES (?, 'webshop', ?, 'nordic-vets', 1, '',"
        " '0000000000000000000000000000000000000000000000000000000000000000', ?, 'draft', 1, 0, 0, 0, 0, ?)");
    writer.change = prepare(writer.database,
        "UPDATE orders SET version = ?, changed_at_ms = ?, view = ? WHERE stream = ?");
    writer.work = prepare(writer.database,
        "INSERT INTO work (stream, part, lane, priority, due_at_ms) VALUES (?, 0, ?, 1, ?)");
    writer.due = prepare(writer.database,
        "UPDATE work SET lane = ?, due_at_ms = ? WHERE stream = ? AND part = 0");
    return writer;
}

static void put_event(struct writer *writer, long long stream, int version) {
    char entry[ENTRY_BYTES + 1];
    int length = snprintf(entry, sizeof entry,
        "{\"actor\":{\"kind\":\"dosette\"},\"at_ms\":%lld,\"kind\":\"effect.confirmed/1\",\"position\":%lld,"
        "\"stream\":%lld,\"v\":1,\"version\":%d,\"data\":\"",
        1755688845000LL + writer->position, writer->position, stream, version);
    memset(entry + length, 'x', (size_t)(ENTRY_BYTES - length));
    memcpy(entry + ENTRY_BYTES - 2, "\"}", 2);
    writer->sink ^= hash((const unsigned char *)entry, ENTRY_BYTES);
    sqlite3_bind_int64(writer->event, 1, writer->position++);
    sqlite3_bind_int64(writer->event, 2, stream);
    sqlite3_bind_int(writer->event, 3, version);
    sqlite3_bind_text(writer->event, 4, entry, ENTRY_BYTES, SQLITE_STATIC);
    step(writer->database, writer->event);
}

static void put_projections(struct writer *writer, long long stream, int version, int is_new) {
    static char view[VIEW_BYTES];
    memset(view, 'v', sizeof view);
    view[version % VIEW_BYTES] = 'w';
    const char *lane = version % 2 ? "do/nordic-vets/bench.nothing" : "out/1";
    char name[32];
    int length = snprintf(name, sizeof name, "HD-%lld", stream);
    sqlite3_stmt *order = is_new ? writer->order : writer->change;
    if (is_new) {
        sqlite3_bind_int64(order, 1, stream);
        sqlite3_bind_text(order, 2, name, length, SQLITE_STATIC);
        sqlite3_bind_int(order, 3, version);
        sqlite3_bind_text(order, 4, view, VIEW_BYTES, SQLITE_STATIC);
    } else {
        sqlite3_bind_int(order, 1, version);
        sqlite3_bind_int64(order, 2, writer->position);
        sqlite3_bind_text(order, 3, view, VIEW_BYTES, SQLITE_STATIC);
        sqlite3_bind_int64(order, 4, stream);
    }
    step(writer->database, order);
    sqlite3_stmt *work = is_new ? writer->work : writer->due;
    if (is_new) {
        sqlite3_bind_int64(work, 1, stream);
        sqlite3_bind_text(work, 2, lane, -1, SQLITE_STATIC);
        sqlite3_bind_int64(work, 3, writer->position);
    } else {
        sqlite3_bind_text(work, 1, lane, -1, SQLITE_STATIC);
        sqlite3_bind_int64(work, 2, writer->position);
        sqlite3_bind_int64(work, 3, stream);
    }
    step(writer->database, work);
}

static int append(int argc, char **argv) {
    long rows = 100000;
    int batch = 1, events = 1, has_projections = 0, files = 0;
    while (3 + files < argc && argv[3 + files][0] != '-') files++;
    for (int index = 3 + files; index < argc; index++) {
        if (!strcmp(argv[index], "--projections")) has_projections = 1;
        else if (index + 1 < argc && !strcmp(argv[index], "--rows")) rows = atol(argv[++index]);
        else if (index + 1 < argc && !strcmp(argv[index], "--batch")) batch = atoi(argv[++index]);
        else if (index + 1 < argc && !strcmp(argv[index], "--events")) events = atoi(argv[++index]);
        else return 2;
    }
    struct writer writer = open_writer(argv[2], files, argv + 3);
    long commits = rows / (batch * events) + 1;
    if (commits > COMMITS_MAXIMUM) return 2;
    double *times = malloc(sizeof(double) * (size_t)commits);
    int *versions = calloc((size_t)batch, sizeof(int));
    long long *streams = calloc((size_t)batch, sizeof(long long)), last = 0;
    double start = now();
    for (long commit = 0; commit < commits; commit++) {
        double began = now();
        step(writer.database, writer.begin);
        for (int place = 0; place < batch; place++) {
            if (versions[place] == 0 || versions[place] + events > EVENTS_OF_A_STREAM) {
                streams[place] = ++last;
                versions[place] = 0;
            }
            int is_new = versions[place] == 0;
            for (int event = 0; event < events; event++)
                put_event(&writer, streams[place], versions[place]++);
            if (has_projections) put_projections(&writer, streams[place], versions[place], is_new);
        }
        step(writer.database, writer.commit);
        times[commit] = now() - began;
    }
    double seconds = now() - start;
    qsort(times, (size_t)commits, sizeof(double), compare);
    printf("{\"rows\":%lld,\"seconds\":%.6f,\"rows_per_second\":%.1f,\"commits\":%ld,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"sink\":%d}\n",
           writer.position, seconds, writer.position / seconds, commits, times[commits / 2] * 1e6,
           times[commits * 99 / 100] * 1e6, writer.sink);
    sqlite3_close_v2(writer.database);
    return 0;
}

// MARK: - Scan

struct range {
    const char *path;
    long long first, last, rows;
    int has_hash;
    unsigned char sink;
};

static void *scan_range(void *argument) {
    struct range *range = argument;
    sqlite3 *database;
    if (sqlite3_open_v2(range->path, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        fail(range->path, database);
    sqlite3_stmt *statement = prepare(database,
        "SELECT entry FROM journal WHERE position >= ? AND position < ? ORDER BY position");
    sqlite3_bind_int64(statement, 1, range->first);
    sqlite3_bind_int64(statement, 2, range->last);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const unsigned char *entry = sqlite3_column_text(statement, 0);
        int length = sqlite3_column_bytes(statement, 0);
        if (range->has_hash) {
            range->sink ^= hash(entry, (size_t)length);
        } else if (length > 0) {
            range->sink ^= entry[length / 2];
        }
        range->rows++;
    }
    sqlite3_finalize(statement);
    sqlite3_close_v2(database);
    return NULL;
}

static int scan(int argc, char **argv) {
    enum { THREADS_MAXIMUM = 64 };
    int threads = 1, has_hash = 0;
    for (int index = 3; index < argc; index++) {
        if (!strcmp(argv[index], "--hash")) has_hash = 1;
        else if (index + 1 < argc && !strcmp(argv[index], "--threads")) threads = atoi(argv[++index]);
        else return 2;
    }
    if (threads < 1 || threads > THREADS_MAXIMUM) return 2;
    sqlite3 *database;
    if (sqlite3_open_v2(argv[2], &database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) fail(argv[2], database);
    sqlite3_stmt *count = prepare(database, "SELECT coalesce(max(position), -1) + 1 FROM journal");
    sqlite3_step(count);
    long long rows = sqlite3_column_int64(count, 0), read = 0;
    sqlite3_finalize(count);
    sqlite3_close_v2(database);
    struct range ranges[THREADS_MAXIMUM];
    pthread_t handles[THREADS_MAXIMUM];
    double start = now();
    for (int index = 0; index < threads; index++) {
        ranges[index] = (struct range){argv[2], rows * index / threads, rows * (index + 1) / threads, 0, has_hash, 0};
        if (pthread_create(&handles[index], NULL, scan_range, &ranges[index])) fail("thread", NULL);
    }
    for (int index = 0; index < threads; index++) {
        pthread_join(handles[index], NULL);
        read += ranges[index].rows;
    }
    double seconds = now() - start;
    printf("{\"rows\":%lld,\"seconds\":%.6f,\"rows_per_second\":%.1f}\n", read, seconds, read / seconds);
    return read == rows ? 0 : 1;
}

int main(int argc, char **argv) {
    if (sqlite3_config(SQLITE_CONFIG_MULTITHREAD) != SQLITE_OK) return 1;
    if (argc > 3 && !strcmp(argv[1], "append")) return append(argc, argv);
    if (argc > 2 && !strcmp(argv[1], "scan")) return scan(argc, argv);
    fprintf(stderr, "usage: JournalBaseline append DIRECTORY SQL... | scan FILE\n");
    return 2;
}
