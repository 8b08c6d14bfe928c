// A libdtenv that reaches no machine: it plays events from a file and ends with a status, so that
// the command can be tested against every outcome. The environment says how:
//   FAKE_EVENTS  file of event lines, played when a job is submitted
//   FAKE_STATUS  what the job comes to (0)
//   FAKE_HOLD    the job ends only when it was cancelled this often, and then with CANCELLED
//   FAKE_PLAN    the plan (no changes)
#include <dtenv/dtenv.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <string>

struct dtenv_session {
  std::deque<std::string> events;
  int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  int jobs = 0;
};
struct dtenv_job {
  dtenv_session* session;
  std::string id;
  dtenv_status status = DTENV_OK;
  int hold = 0;
  bool ended = false;
};
struct dtenv_error {
  dtenv_status status;
  std::string json;
};

namespace {

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

dtenv_status give(char** out, const std::string& text) {
  *out = ::strdup(text.c_str());
  return DTENV_OK;
}

dtenv_status fail(dtenv_error** error, dtenv_status status) {
  const std::string name = dtenv_status_name(status);
  *error = new dtenv_error{
      status, "{\"status\":\"" + name +
                  "\",\"message\":\"as the test says\",\"host\":\"n1\",\"detail\":[{\"line\":3,"
                  "\"column\":7,\"problem\":\"wrong\",\"hint\":\"mend it\"}]}"};
  return status;
}

void push(dtenv_session* session, std::string line) {
  session->events.push_back(std::move(line));
  const std::uint64_t one = 1;
  if (::write(session->fd, &one, sizeof one) < 0) std::abort();
}

void end(dtenv_job* job, dtenv_status status) {
  job->status = status;
  job->ended = true;
  push(job->session, R"({"type":"job.finished","job":")" + job->id + R"(","text":")" +
                         dtenv_status_name(status) + "\"}");
}

dtenv_status submit(dtenv_session* session, dtenv_job** out_job) {
  auto* job = new dtenv_job{session, "j" + std::to_string(++session->jobs)};
  job->hold = std::atoi(variable("FAKE_HOLD", "0").c_str());
  std::ifstream file(variable("FAKE_EVENTS", "/dev/null"));
  for (std::string line; std::getline(file, line);) push(session, line);
  if (job->hold == 0) end(job, std::atoi(variable("FAKE_STATUS", "0").c_str()));
  *out_job = job;
  return DTENV_OK;
}

}  // namespace

int32_t dtenv_api_version() {
  return DTENV_API_VERSION;
}
const char* dtenv_version() {
  return "1.0.0";
}
const char* dtenv_build_info() {
  return "{\"version\":\"fake\"}";
}
const char* dtenv_status_name(dtenv_status status) {
  return status == DTENV_OK ? "OK" : status == DTENV_E_CANCELLED ? "CANCELLED" : "SOMETHING";
}
void dtenv_free(void* memory) {
  ::free(memory);
}
const char* dtenv_error_message(const dtenv_error*) {
  return "as the test says";
}
const char* dtenv_error_json(const dtenv_error* error) {
  return error->json.c_str();
}
void dtenv_error_free(dtenv_error* error) {
  delete error;
}

dtenv_status dtenv_validate(const char* text, dtenv_error** error) {
  return std::strstr(text, "bad") == nullptr ? DTENV_OK : fail(error, DTENV_E_CONFIG);
}
dtenv_status dtenv_step_schema(const char*, char** out, dtenv_error**) {
  return give(out, "{}");
}
dtenv_status dtenv_document_schema(char** out, dtenv_error**) {
  return give(out, "{}");
}
dtenv_status dtenv_eval(const char* function, const char* arguments, char** out,
                        dtenv_error** error) {
  if (std::strcmp(function, "fail") == 0) return fail(error, DTENV_E_CONFIG);
  if (std::strcmp(function, "explain") == 0)
    return give(out,
                std::strstr(arguments, "boom") == nullptr
                    ? R"({"matches":[]})"
                    : R"({"matches":[{"id":"BOOM","cause":"It burst.","repair":"Mend it."}]})");
  return give(out, arguments);
}
dtenv_status dtenv_render(const char* document, char** out, dtenv_error**) {
  return give(out, std::string("TEXT OF ") + document + "\n");
}

dtenv_status dtenv_session_open(const char*, int32_t, dtenv_session** out, dtenv_error**) {
  *out = new dtenv_session;
  return DTENV_OK;
}
void dtenv_session_free(dtenv_session* session) {
  if (session != nullptr) ::close(session->fd);
  delete session;
}
dtenv_status dtenv_session_fd(dtenv_session* session, int32_t* out, dtenv_error**) {
  *out = session->fd;
  return DTENV_OK;
}
dtenv_status dtenv_session_set_secret(dtenv_session* session, const char* name, const char* value,
                                      dtenv_error**) {
  push(session, std::string(R"({"type":"note","text":")") + name + " has " +
                    std::to_string(std::strlen(value)) + " bytes\"}");
  return DTENV_OK;
}
dtenv_status dtenv_session_next_event(dtenv_session* session, int32_t, char** out, dtenv_error**) {
  if (session->events.empty()) {
    std::uint64_t count = 0;
    if (::read(session->fd, &count, sizeof count) < 0) return DTENV_EMPTY;
    return DTENV_EMPTY;
  }
  give(out, session->events.front());
  session->events.pop_front();
  return DTENV_OK;
}

dtenv_status dtenv_check(dtenv_session* session, const char*, dtenv_job** out, dtenv_error**) {
  return submit(session, out);
}
dtenv_status dtenv_apply(dtenv_session* session, const char*, const char*, dtenv_job** out,
                         dtenv_error**) {
  return submit(session, out);
}
dtenv_status dtenv_verify(dtenv_session* session, const char*, dtenv_job** out, dtenv_error**) {
  return submit(session, out);
}
dtenv_status dtenv_destroy(dtenv_session* session, const char*, dtenv_job** out, dtenv_error**) {
  return submit(session, out);
}
dtenv_status dtenv_job_id(dtenv_job* job, char** out, dtenv_error**) {
  return give(out, job->id);
}
dtenv_status dtenv_job_wait(dtenv_job* job, int32_t, dtenv_error** error) {
  return job->status < 0 ? fail(error, job->status) : DTENV_OK;
}
dtenv_status dtenv_job_cancel(dtenv_job* job, int32_t, dtenv_error**) {
  if (!job->ended && --job->hold <= 0) end(job, DTENV_E_CANCELLED);
  return DTENV_OK;
}
dtenv_status dtenv_job_plan(dtenv_job*, char** out, dtenv_error**) {
  return give(out, variable("FAKE_PLAN", R"({"v":1,"changes":[]})"));
}
dtenv_status dtenv_job_report(dtenv_job*, char** out, dtenv_error**) {
  return give(out, R"({"v":1,"hosts":[{"name":"n1","steps":[{"id":"train","kind":"launch"}]}]})");
}
void dtenv_job_free(dtenv_job* job) {
  delete job;
}
