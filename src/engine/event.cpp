#include "engine/event.hpp"

#include <boost/json.hpp>
#include <ctime>

#include "base/text.hpp"

namespace dtenv {

std::string utc_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string thousandths = std::to_string(1000 + now.tv_nsec / 1'000'000);
  return std::string(text, length) + "." + thousandths.substr(1) + "Z";
}

void EventStream::emit(const Event& event) {
  boost::json::object object;
  object["v"] = 1;
  object["seq"] = ++sequence_;
  object["time"] = utc_now();
  object["job"] = job_;
  object["host"] = to_utf8(event.host);
  object["step"] = event.step;
  object["type"] = event.type;
  object["done"] = event.done;
  object["total"] = event.total;
  object["text"] = to_utf8(event.text);
  if (!event.source.empty()) object["source"] = to_utf8(event.source);
  receiver_(event.kind, boost::json::serialize(object));
}

}  // namespace dtenv
