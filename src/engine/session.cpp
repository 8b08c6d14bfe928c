#include "engine/session.hpp"

#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "base/digest.hpp"
#include "base/json_reader.hpp"
#include "engine/session_impl.hpp"
#include "host/make_host.hpp"
#include "host/ssh_client.hpp"

namespace dtenv {

Result<SessionOptions> SessionOptions::parse(std::string_view json_text) {
  SessionOptions options;
  if (trim(json_text).empty()) return options;
  DT_TRY_ASSIGN(const JsonNode root, parse_json(json_text, "the session's options"));
  JsonReader reader(root, json_text);
  options.max_parallel_hosts = static_cast<int>(
      reader.integer_or("max_parallel_hosts", 1, 4096, options.max_parallel_hosts));
  options.max_events = static_cast<std::size_t>(
      reader.integer_or("max_events", 16, 1 << 24, static_cast<std::int64_t>(options.max_events)));
  options.state_folder = reader.string_or("state_folder", "");
  reader.finish();
  DT_TRY(reader.result("the session's options"));
  return options;
}

Result<std::shared_ptr<Session>> Session::open(SessionOptions options) {
  DT_TRY_ASSIGN(auto events, EventQueue::make(options.max_events));
  DT_TRY_ASSIGN(auto folder, PrivateFolder::make(options.state_folder));
  return std::shared_ptr<Session>(
      std::make_shared<SessionImpl>(std::move(options), std::move(events), std::move(folder)));
}

SessionImpl::SessionImpl(SessionOptions options, std::unique_ptr<EventQueue> events,
                         PrivateFolder folder)
    : options_(std::move(options)),
      events_(std::move(events)),
      folder_(std::move(folder)),
      loop_(std::make_shared<LoopThread>()),
      curl_(std::make_unique<CurlLoop>(loop_->io().get_executor())) {
  loop_->on_no_memory([this] {
    if (const auto job = current_) job->out_of_memory();
  });
}

SessionImpl::~SessionImpl() {
  // What was asked of the embedder's thread is refused, what runs is cancelled and waited for.
  const bool inside = in_callback();
  if (!inside) callback_.reset();
  [[maybe_unused]] const auto stopped = shutdown(Duration(0));
  loop_->run_there([this] { curl_.reset(); }, std::chrono::seconds(2));
  loop_->finish(std::chrono::seconds(2));
  events_->close();
}

bool SessionImpl::in_callback() const {
  const std::lock_guard lock(mutex_);
  return callback_ && callback_->on_it();
}

Result<std::optional<std::string>> SessionImpl::next_event(std::optional<Duration> limit) {
  {
    const std::lock_guard lock(mutex_);
    if (callback_)
      return Error(Status::state, "next_event: events go to the callback of this session");
  }
  return events_->pop(limit);
}

Result<void> SessionImpl::set_callback(EventCallback callback) {
  if (in_callback()) return Error(Status::state, "set_callback: called from the callback itself");
  std::unique_ptr<EventCallbackThread> old;
  {
    const std::lock_guard lock(mutex_);
    old = std::move(callback_);
  }
  old.reset();  // outside the lock: it joins
  if (!callback) return {};
  const std::lock_guard lock(mutex_);
  callback_ = std::make_unique<EventCallbackThread>(events_, std::move(callback));
  return {};
}

Result<void> SessionImpl::set_secret(std::string name, Secret value) {
  if (name.empty() || name.size() > 128)
    return Error(Status::invalid, "set_secret: a name of 1 to 128 bytes is needed");
  const std::lock_guard lock(mutex_);
  auto& slot = secrets_[std::move(name)];
  if (slot) replaced_.push_back(std::move(slot));
  slot = std::make_shared<const Secret>(std::move(value));
  return {};
}

const Secret* SessionImpl::find_secret(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = secrets_.find(name);
  return found == secrets_.end() ? nullptr : found->second.get();
}

std::string SessionImpl::dump() const {
  boost::json::object object;
  object["v"] = 1;
  object["events_queued"] = events_->size();
  object["progress_dropped"] = events_->dropped_progress();
  object["output_dropped"] = events_->dropped_output();
  object["max_parallel_hosts"] = options_.max_parallel_hosts;
  const std::lock_guard lock(mutex_);
  object["closing"] = closing_;
  object["callback"] = callback_ != nullptr;
  if (const auto doing = disk_.doing()) {
    boost::json::object disk;
    disk["doing"] = to_utf8(doing->what);
    disk["seconds"] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - doing->since).count();
    object["disk"] = std::move(disk);
  }
  boost::json::array secrets;
  for (const auto& [name, value] : secrets_) secrets.push_back(boost::json::string(name));
  object["secrets"] = std::move(secrets);
  boost::json::array jobs;
  for (const auto& weak : jobs_)
    if (const auto job = weak.lock()) {
      boost::json::object item;
      item["id"] = job->id();
      item["state"] = static_cast<int>(job->state());
      jobs.push_back(std::move(item));
    }
  object["jobs"] = std::move(jobs);
  return boost::json::serialize(object);
}

Result<void> SessionImpl::shutdown(Duration grace) {
  if (in_callback() && grace.count() > 0)
    return Error(Status::state, "shutdown: called from the callback; it would wait for itself");
  std::vector<std::shared_ptr<RunningJob>> running;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const auto& weak : jobs_)
      if (auto job = weak.lock()) running.push_back(std::move(job));
  }
  for (const auto& job : running) job->cancel(grace);
  const auto deadline = std::chrono::steady_clock::now() + grace + std::chrono::seconds(2);
  for (const auto& job : running) {
    const auto left =
        std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
    const auto ended = job->wait(std::max(left, Duration(0)));
    if (!ended && ended.error().status == Status::timeout)
      return Error(Status::timeout, "shutdown: " + job->id() + " has not ended yet");
  }
  return {};
}

HostMaker SessionImpl::host_maker() {
  const asio::any_io_executor executor = loop_->io().get_executor();
  const HostContext context{executor, curl_.get(), folder_.path(),
                            std::make_shared<SshClient>(executor, folder_.path()), &disk_};
  return [context](const Node& node) {
    return node.local ? make_local_host(context, node.name)
                      : make_ssh_host(context, node.name, node.ssh);
  };
}

Result<std::shared_ptr<Job>> SessionImpl::submit(JobKind kind, std::string document,
                                                 std::string approved_plan) {
  DT_TRY_ASSIGN(Environment environment, parse_environment(document));
  DT_TRY_ASSIGN(Approval approval, Approval::make(approved_plan, environment.allow));
  std::shared_ptr<RunningJob> job;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error(Status::state, "the session is shutting down");
    RunnerOptions options;
    options.job_id = "job-" + std::to_string(++job_count_) + "-" + hex(random_bytes(4));
    options.kind = kind;
    options.max_parallel = static_cast<std::size_t>(options_.max_parallel_hosts);
    options.make_host = host_maker();
    options.secret = [this](std::string_view name) { return find_secret(name); };
    EventStream stream(options.job_id, sequence_,
                       [events = events_](EventClass what, std::string line) {
                         events->push(what, std::move(line));
                       });
    const std::string id = options.job_id;
    auto runner = std::make_unique<Runner>(std::move(options), std::move(environment),
                                           std::move(approval), std::move(stream));
    job = std::make_shared<RunningJob>(loop_, id, std::move(runner));
    jobs_.erase(
        std::remove_if(jobs_.begin(), jobs_.end(), [](const auto& weak) { return weak.expired(); }),
        jobs_.end());
    jobs_.push_back(job);
  }
  boost::asio::post(loop_->io(), [this, job] {
    waiting_.push_back(job);
    if (!current_) start_next();
  });
  return std::shared_ptr<Job>(job);
}

void SessionImpl::start_next() {
  current_.reset();
  if (waiting_.empty()) return;
  current_ = waiting_.front();
  waiting_.pop_front();
  current_->start([this] { start_next(); });
}

}  // namespace dtenv
