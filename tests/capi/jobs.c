#include "jobs.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

const char local_document[] =
    "{\"v\": 1, \"nodes\": [{\"name\": \"here\", \"local\": true}],"
    " \"steps\": [{\"kind\": \"driver_check\"}]}";

/* Connections wait in its backlog for ever. One for the process, so that it is counted once. */
static int silent_port(void) {
  static int port = 0;
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int listener;
  if (port != 0) return port;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(listener >= 0 && bind(listener, (struct sockaddr*)&address, sizeof address) == 0);
  CHECK(listen(listener, 64) == 0);
  CHECK(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
  port = ntohs(address.sin_port);
  return port;
}

const char* stuck_document(void) {
  static _Thread_local char text[1024];
  snprintf(text, sizeof text,
           "{\"v\": 1, \"nodes\": [{\"name\": \"stuck\", \"address\": \"127.0.0.1\","
           " \"ssh\": {\"port\": %d, \"user\": \"nobody\", \"connect_timeout\": \"60s\"}}],"
           " \"steps\": [{\"kind\": \"driver_check\"}]}",
           silent_port());
  return text;
}

dtenv_session* open_session(void) {
  dtenv_session* session = NULL;
  CHECK_STATUS(DTENV_OK, dtenv_session_open(NULL, DTENV_API_VERSION, &session, NULL));
  return session;
}

dtenv_job* start_apply(dtenv_session* session, const char* document) {
  dtenv_job* job = NULL;
  dtenv_error* error = NULL;
  if (dtenv_apply(session, document, NULL, &job, &error) != DTENV_OK) {
    fprintf(stderr, "apply: %s\n", dtenv_error_json(error));
    _Exit(1);
  }
  return job;
}

dtenv_status apply_once(const char* document) {
  dtenv_session* session = open_session();
  dtenv_job* job = start_apply(session, document);
  const dtenv_status status = dtenv_job_wait(job, 60000, NULL);
  dtenv_job_free(job);
  dtenv_session_free(session);
  return status;
}
