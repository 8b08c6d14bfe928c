/* Documents for jobs on this machine alone, cheap enough to run by the dozen. */
#ifndef DTENV_TESTS_CAPI_JOBS_H
#define DTENV_TESTS_CAPI_JOBS_H

#include <dtenv/dtenv.h>

/* One machine, this one, and a step that reads it with many short commands. */
extern const char local_document[];

/* A job that runs until it is cancelled: ssh waits for the banner of a machine that never speaks.
 * Borrowed until the next call. */
const char* stuck_document(void);

dtenv_session* open_session(void);
dtenv_job* start_apply(dtenv_session* session, const char* document);

/* Applies `document` to its end in a session of its own. */
dtenv_status apply_once(const char* document);

#endif
