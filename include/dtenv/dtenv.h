/* dtenv.h - set up a multi-node GPU training environment from inside your process.
 *
 * Contract, in six sentences:
 *   1. Handles are opaque; what a call returns through an `out_` parameter is yours.
 *   2. Every `char*` you receive is UTF-8, NUL-terminated, and freed with dtenv_free().
 *   3. Every call that can fail takes `dtenv_error** error` last; pass NULL to ignore detail.
 *   4. Every call is safe from any thread; a freed or foreign handle yields DTENV_E_INVALID.
 *   5. The library never writes to stdio, never touches signals, cwd, umask, locale or env.
 *   6. After fork() in the host every call on an inherited handle returns DTENV_E_FORKED.
 *
 * Guide
 *   Describe the machines and what they should be in one JSON document (the "environment";
 *   dtenv_document_schema() is its reference), open a session, and submit jobs to it:
 *
 *     dtenv_session* session = NULL;
 *     dtenv_job* job = NULL;
 *     dtenv_error* error = NULL;
 *     char* report = NULL;
 *
 *     if (dtenv_session_open(NULL, DTENV_API_VERSION, &session, &error) == DTENV_OK &&
 *         dtenv_apply(session, environment_json, NULL, &job, &error) == DTENV_OK &&
 *         dtenv_job_wait(job, -1, &error) == DTENV_OK &&
 *         dtenv_job_report(job, &report, &error) == DTENV_OK)
 *       puts(report);
 *     else
 *       fprintf(stderr, "%s\n", dtenv_error_message(error));
 *     dtenv_free(report);
 *     dtenv_error_free(error);
 *     dtenv_job_free(job);
 *     dtenv_session_free(session);
 *
 *   check    reads every machine and plans; changes nothing. Its plan says what apply would do,
 *            why, and what that would disrupt.
 *   apply    changes the machines until they are as the document says. Asked again, it changes
 *            nothing. Given the plan of an earlier check, it does nothing beyond that plan.
 *   verify   reads every machine again; fails with VERIFY where one is not as the document says.
 *   destroy  takes down what apply made: containers, keys and files that carry our mark.
 *
 *   dtenv_run() does one of them in one call.
 *
 * Events
 *   What happens meanwhile is told as events, one JSON object each:
 *     {"v", "seq", "time", "job", "host", "step", "type", "done", "total", "text"}
 *   Wait on dtenv_session_fd() in your own poll() and call dtenv_session_next_event() with a
 *   timeout of 0 until it gives DTENV_EMPTY. Ignore keys and types that you do not know. The last
 *   event of a job is of type "job.finished". The queue is bounded: progress is dropped first,
 *   state never.
 *
 * Ownership
 *   What you pass in is borrowed for the call and copied if it is kept. Where a call fails, its
 *   `out_` parameters are left as they were (dtenv_run() is the one exception). A bare
 *   `const char*` is static, or borrowed from the object that the same sentence names. Every _free
 *   accepts NULL. `*error` is set to NULL by a call that succeeds and to a new error by one that
 *   fails: free it before you pass the same variable again.
 *
 * Time
 *   `timeout_ms` and `grace_ms` are milliseconds. A timeout of 0 does not wait and one of -1 has no
 *   limit; anything below -1 is INVALID, and so is a negative grace.
 *
 * Threads and callbacks
 *   A session has threads of its own, all signals blocked in them; nothing runs before
 *   dtenv_session_open(). A callback comes from one of them, one at a time, with no lock held: it
 *   may call anything, but a call that waits for that session gives DTENV_E_STATE.
 *
 * Cancelling
 *   dtenv_job_cancel() returns at once; the job ends within its grace and 2 seconds. To cancel is
 *   not to undo: the report says what was changed, and the next apply goes on from there.
 *
 * Fork
 *   After fork() the child may open sessions of its own. What it inherited answers DTENV_E_FORKED
 *   and its _free does nothing; errors and strings are plain memory and stay good. A fork without
 *   exec while a session is open costs that memory.
 *
 * Your children
 *   The library reaps its own children alone, by pidfd. If your process ignores SIGCHLD or reaps
 *   everything, the outcome of a child is lost to it, and the job says DTENV_E_CHILD_LOST.
 *
 * Versions
 *   The number given to dtenv_session_open() fixes the behaviour of that session for as long as the
 *   library is libdtenv.so.1; one that is too new gives DTENV_E_VERSION. Functions and statuses are
 *   added, never changed or removed. Documents carry "v": 1.
 */
#ifndef DTENV_DTENV_H
#define DTENV_DTENV_H

#include <stdint.h>

#if defined(__GNUC__)
#define DTENV_API __attribute__((visibility("default")))
#else
#define DTENV_API
#endif

#define DTENV_API_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dtenv_session dtenv_session;
typedef struct dtenv_job dtenv_job;
typedef struct dtenv_error dtenv_error;

/* Fixed width on purpose: the size of an enum is the compiler's choice. A value is never used for
 * something else; treat one that you do not know as DTENV_E_INTERNAL. */
typedef int32_t dtenv_status;
enum {
  DTENV_OK = 0,
  DTENV_EMPTY = 1,          /* nothing there (yet); not an error */
  DTENV_E_INVALID = -1,     /* the caller broke this contract: NULL, stale handle, not UTF-8 */
  DTENV_E_CONFIG = -2,      /* the document or the arguments are wrong; the detail says where */
  DTENV_E_STATE = -3,       /* right call, wrong moment */
  DTENV_E_NOT_FOUND = -4,   /* no such thing: a function, a kind, a file */
  DTENV_E_UNSUPPORTED = -5, /* this machine or this build cannot do it */
  DTENV_E_VERSION = -6,     /* too new for this library */
  DTENV_E_NOMEM = -7,       /* out of memory */
  DTENV_E_IO = -8,          /* a file, a socket or a pipe said no */
  DTENV_E_HOST = -9,        /* a machine cannot be reached */
  DTENV_E_COMMAND = -10,    /* a command ran and failed */
  DTENV_E_PLAN_STALE = -11, /* the machines moved since the plan was shown; nothing was changed */
  DTENV_E_VERIFY = -12,     /* a machine is not as the document says */
  DTENV_E_TIMEOUT = -13,    /* the limit passed */
  DTENV_E_CANCELLED = -14,  /* dtenv_job_cancel() or the end of the session */
  DTENV_E_CHILD_LOST = -15, /* the host process reaped our child: its outcome is not known */
  DTENV_E_FORKED = -16,     /* the handle belongs to the parent process */
  DTENV_E_INTERNAL = -17,   /* a bug in dtenv: please report it */
  DTENV_E_REFUSED = -18,    /* would disrupt what the document's "allow" does not name */
  DTENV_E_PARTIAL = -19     /* some machines succeeded, others did not; the report says which */
};

/* The values of dtenv_job_get_state(). */
enum {
  DTENV_JOB_QUEUED = 0, /* jobs of a session run one after the other */
  DTENV_JOB_RUNNING = 1,
  DTENV_JOB_SUCCEEDED = 2, /* this and all below: ended, for good */
  DTENV_JOB_FAILED = 3,
  DTENV_JOB_CANCELLED = 4
};

/* One event; the text is borrowed for the call. */
typedef void (*dtenv_event_callback)(const char* event_json, void* user_data);

/* The library will never use user_data again. */
typedef void (*dtenv_release_callback)(void* user_data);

/* ---- library ------------------------------------------------------------------------------- */

/* The newest behaviour version this library has; compare with DTENV_API_VERSION. Since: 1.0 */
DTENV_API int32_t dtenv_api_version(void);

/* "1.0.0"; static. Since: 1.0 */
DTENV_API const char* dtenv_version(void);

/* How this library was built, as JSON: {"version", "api_version", "compiler", "build", "boost",
 * "curl", "archive", "openssl", "features": [...]}; static. For bug reports. Since: 1.0 */
DTENV_API const char* dtenv_build_info(void);

/* 1 where the library has the named feature ("step.launch", "eval.hostfile.parse", "host.ssh"),
 * else 0; 0 for NULL. Since: 1.0 */
DTENV_API int32_t dtenv_has_feature(const char* name);

/* "OK", "CONFIG", ...; "UNKNOWN" for a value that is none. Static. Since: 1.0 */
DTENV_API const char* dtenv_status_name(dtenv_status status);

/* Frees a `char*` that an `out_` parameter gave. Since: 1.0 */
DTENV_API void dtenv_free(void* memory);

/* ---- error --------------------------------------------------------------------------------- */

/* An error is plain memory with one owner, not a handle: it is valid until it is freed, in a child
 * process too. Reading it is safe from several threads; freeing it is the owner's, once. */

/* Its status; DTENV_OK for NULL. Since: 1.0 */
DTENV_API dtenv_status dtenv_error_status(const dtenv_error* error);

/* One line for people: what was attempted on what. Borrowed from `error`; "" for NULL. Since: 1.0
 */
DTENV_API const char* dtenv_error_message(const dtenv_error* error);

/* {"status", "message", "host", "step", "detail": [{"pointer", "line", "column", "problem",
 * "hint"}]}: status by its name ("CONFIG"); host and step empty where there is none; pointer a JSON
 * pointer or empty; line and column from 1, in bytes, 0 where not known. Borrowed from `error`;
 * "{}" for NULL. Since: 1.0 */
DTENV_API const char* dtenv_error_json(const dtenv_error* error);

/* Since: 1.0 */
DTENV_API void dtenv_error_free(dtenv_error* error);

/* ---- introspection: no handle, no I/O ------------------------------------------------------ */

/* {"kinds": ["driver_check", ...]}, in the order in which they are applied. Errors: INVALID.
 * Since: 1.0 */
DTENV_API dtenv_status dtenv_step_kinds(char** out_json, dtenv_error** error);

/* The JSON schema of one step's configuration, descriptions, defaults and units included.
 * Errors: INVALID, NOT_FOUND (with the nearest kind as a hint). Since: 1.0 */
DTENV_API dtenv_status dtenv_step_schema(const char* kind, char** out_json, dtenv_error** error);

/* The JSON schema of the whole environment document. Errors: INVALID. Since: 1.0 */
DTENV_API dtenv_status dtenv_document_schema(char** out_json, dtenv_error** error);

/* Whether a text is an environment document that a job would take. Reads no file and no machine.
 * Errors: INVALID; CONFIG with every problem of the document in the detail. Since: 1.0 */
DTENV_API dtenv_status dtenv_validate(const char* environment_json, dtenv_error** error);

/* One pure helper: "hostfile.parse", "docker_run.parse", ... `function` "list" takes {} and gives
 * {"functions": [name, ...]}. Arguments and result are JSON objects.
 * Errors: INVALID; NOT_FOUND (no such function; the nearest name as a hint); CONFIG (wrong
 * arguments, with pointer, line and column). Since: 1.0 */
DTENV_API dtenv_status dtenv_eval(const char* function, const char* arguments_json, char** out_json,
                                  dtenv_error** error);

/* ---- session ------------------------------------------------------------------------------- */

/* Opens a session: its threads, its connections (made when first needed, one a machine, held open
 * for the session), its events. `config_json` is NULL, "" or an object:
 *   "max_parallel_hosts"  machines worked on at once, 1 to 4096 (32)
 *   "max_events"          events queued at most, 16 to 16777216 (16384)
 *   "state_folder"        where a session keeps its private files (a fresh folder of mode 0700)
 * `api_version` is DTENV_API_VERSION as you compiled it.
 * Errors: INVALID, CONFIG, VERSION (both numbers in the message), IO, NOMEM. Since: 1.0 */
DTENV_API dtenv_status dtenv_session_open(const char* config_json, int32_t api_version,
                                          dtenv_session** out_session, dtenv_error** error);

/* Takes no more jobs, cancels those there are, and waits for their end: `grace_ms` and 2 seconds at
 * most. Events can still be read. Asked again it does nothing.
 * Errors: INVALID, FORKED, STATE (from a callback), TIMEOUT. Since: 1.0 */
DTENV_API dtenv_status dtenv_session_shutdown(dtenv_session* session, int32_t grace_ms,
                                              dtenv_error** error);

/* Shuts down with a grace of 0 and frees; calls that wait in the session return. Its jobs' handles
 * stay good for plan and report. From a callback it only asks: the rest happens after the callback
 * returns. Since: 1.0 */
DTENV_API void dtenv_session_free(dtenv_session* session);

/* A descriptor that poll() reports readable while an event is queued. Only poll it; it is closed
 * with the session. Errors: INVALID, FORKED. Since: 1.0 */
DTENV_API dtenv_status dtenv_session_fd(dtenv_session* session, int32_t* out_fd,
                                        dtenv_error** error);

/* The next event as one line of JSON, or DTENV_EMPTY after timeout_ms or a wakeup.
 * Errors: INVALID, FORKED, STATE (a callback is set, or waiting in one). Since: 1.0 */
DTENV_API dtenv_status dtenv_session_next_event(dtenv_session* session, int32_t timeout_ms,
                                                char** out_event_json, dtenv_error** error);

/* Ends a waiting dtenv_session_next_event() with DTENV_EMPTY, or the next one that would wait.
 * Errors: INVALID, FORKED. Since: 1.0 */
DTENV_API dtenv_status dtenv_session_wakeup(dtenv_session* session, dtenv_error** error);

/* Events go to `callback` instead of the queue; NULL: to the queue again. `release` (may be NULL)
 * is called exactly once, after the last use of user_data: when another callback takes its place or
 * when the session ends. On failure it is not called. `callback` must not throw.
 * Errors: INVALID, FORKED, STATE (from a callback). Since: 1.0 */
DTENV_API dtenv_status dtenv_session_set_callback(dtenv_session* session,
                                                  dtenv_event_callback callback, void* user_data,
                                                  dtenv_release_callback release,
                                                  dtenv_error** error);

/* Gives a secret (a registry's password, a token) that the document refers to by name. It is kept
 * in memory alone, zeroed at the end, and appears in no event, plan, report or dump. A second one
 * of the same name takes its place. Errors: INVALID, FORKED. Since: 1.0 */
DTENV_API dtenv_status dtenv_session_set_secret(dtenv_session* session, const char* name,
                                                const char* value, dtenv_error** error);

/* The session's state as JSON, for a bug report: its keys may change. Errors: INVALID, FORKED.
 * Since: 1.0 */
DTENV_API dtenv_status dtenv_session_dump(dtenv_session* session, char** out_json,
                                          dtenv_error** error);

/* ---- jobs ---------------------------------------------------------------------------------- */

/* Submit one job and return at once. The document is read and checked in the call; jobs of a
 * session run one after the other, in the order in which they were submitted. Errors of the four:
 * INVALID, FORKED, CONFIG (as dtenv_validate()), STATE (shut down). */

/* Reads every machine and plans; changes nothing. Since: 1.0 */
DTENV_API dtenv_status dtenv_check(dtenv_session* session, const char* environment_json,
                                   dtenv_job** out_job, dtenv_error** error);

/* Makes the machines what the document says. `approved_plan_json` is what dtenv_job_plan() of an
 * earlier check gave, or NULL: with it, whatever is not part of that plan ends the job with
 * PLAN_STALE before the first write. Since: 1.0 */
DTENV_API dtenv_status dtenv_apply(dtenv_session* session, const char* environment_json,
                                   const char* approved_plan_json, dtenv_job** out_job,
                                   dtenv_error** error);

/* Reads every machine and ends with VERIFY where one is not as the document says. Since: 1.0 */
DTENV_API dtenv_status dtenv_verify(dtenv_session* session, const char* environment_json,
                                    dtenv_job** out_job, dtenv_error** error);

/* Takes down what apply of this document made, and nothing that is not ours. Since: 1.0 */
DTENV_API dtenv_status dtenv_destroy(dtenv_session* session, const char* environment_json,
                                     dtenv_job** out_job, dtenv_error** error);

/* The job's id, as events and the report carry it. Errors: INVALID, FORKED. Since: 1.0 */
DTENV_API dtenv_status dtenv_job_id(dtenv_job* job, char** out_id, dtenv_error** error);

/* One of DTENV_JOB_QUEUED, ... Errors: INVALID, FORKED. Since: 1.0 */
DTENV_API dtenv_status dtenv_job_get_state(dtenv_job* job, int32_t* out_state, dtenv_error** error);

/* Waits for the end and gives what the job came to: DTENV_OK, or its error. TIMEOUT while the job
 * has not ended (dtenv_job_get_state()) means that timeout_ms passed; ask again as often as you
 * like. Errors: INVALID, FORKED, STATE (from a callback), TIMEOUT, and all that a job can come to:
 * HOST, COMMAND, PLAN_STALE, VERIFY, CANCELLED, CHILD_LOST, REFUSED, PARTIAL, IO, ... Since: 1.0 */
DTENV_API dtenv_status dtenv_job_wait(dtenv_job* job, int32_t timeout_ms, dtenv_error** error);

/* Asks the job to stop and returns at once: commands get SIGTERM, and SIGKILL after grace_ms. It
 * ends within grace_ms and 2 seconds. A job that has ended stays as it is. Errors: INVALID, FORKED.
 * Since: 1.0 */
DTENV_API dtenv_status dtenv_job_cancel(dtenv_job* job, int32_t grace_ms, dtenv_error** error);

/* What it would change, or set out to: {"v", "job", "cluster", "changes": [{"host", "step",
 * "resource", "action", "before", "after", "reason", "disrupts": [{"kind", "what"}], "stage"}],
 * "notes", "failures"}. Errors: INVALID, FORKED, STATE (none yet). Since: 1.0 */
DTENV_API dtenv_status dtenv_job_plan(dtenv_job* job, char** out_json, dtenv_error** error);

/* What came of it, a snapshot while it runs: {"v", "job", "kind", "cluster", "status", "started",
 * "seconds", "hosts": [{"name", "address", "status", "steps": [...]}], "changes_made",
 * "changes_planned", "deviations", "error"}. The error of a launch has a detail {"pointer":
 * "result", "problem": "PROGRAM_EXIT(3) on V100-2 rank 5"}; also PROGRAM_SIGNAL(9, oom),
 * LAUNCHER_EXIT(1), LAUNCHER_SIGNAL(9), DEADLINE, CANCELLED, RUN_LOST, TRANSPORT_LOST: the schema
 * of the step says which is which. Errors: INVALID, FORKED. Since: 1.0 */
DTENV_API dtenv_status dtenv_job_report(dtenv_job* job, char** out_json, dtenv_error** error);

/* Frees the handle; the job runs on. Since: 1.0 */
DTENV_API void dtenv_job_free(dtenv_job* job);

/* ---- one call ------------------------------------------------------------------------------ */

/* Opens a session, submits "check", "apply", "verify" or "destroy", waits, frees. `options_json` is
 * NULL, "" or an object:
 *   "session"        the configuration that dtenv_session_open() takes
 *   "approved_plan"  as dtenv_apply() takes it, but as an object
 *   "timeout"        "30m": the job is cancelled and the call gives TIMEOUT (no limit)
 *   "secrets"        {name: value}, as dtenv_session_set_secret()
 * The report is given whenever the job ran, also where the call then fails; where it did not run,
 * *out_report_json is left as it was. What a check would change stands there as "pending".
 *
 * Errors: those of dtenv_session_open(), dtenv_apply() and dtenv_job_wait(); NOT_FOUND (no such
 * kind of job). Since: 1.0 */
DTENV_API dtenv_status dtenv_run(const char* kind, const char* environment_json,
                                 const char* options_json, char** out_report_json,
                                 dtenv_error** error);

/* A plan or a report as text for people, 100 columns at most. Errors: INVALID, CONFIG (neither).
 * Since: 1.0 */
DTENV_API dtenv_status dtenv_render(const char* plan_or_report_json, char** out_text,
                                    dtenv_error** error);

#ifdef __cplusplus
}
#endif

#endif /* DTENV_DTENV_H */
