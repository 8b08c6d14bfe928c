#include "net/containers.hpp"

#include <boost/json.hpp>

namespace dtenv {

namespace {

std::string text_of(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  return found && found->is_string() ? std::string(found->as_string()) : "";
}

ContainerRow row_of(const json::object& from) {
  ContainerRow row;
  row.id = text_of(from, "Id");
  row.image = text_of(from, "Image");
  row.state = text_of(from, "State");
  if (const json::value* names = from.if_contains("Names"); names && names->is_array())
    for (const json::value& name : names->as_array())
      if (name.is_string() && row.name.empty()) row.name = std::string(name.as_string()).substr(1);
  if (const json::value* labels = from.if_contains("Labels"); labels && labels->is_object())
    for (const auto& label : labels->as_object())
      if (label.value().is_string())
        row.labels[std::string(label.key())] = std::string(label.value().as_string());
  return row;
}

}  // namespace

Task<Result<std::vector<ContainerRow>>> list_containers(Docker& docker,
                                                        std::vector<std::string> labels) {
  std::string path = "/containers/json?all=1";
  if (!labels.empty()) {
    json::array wanted;
    for (const std::string& label : labels) wanted.push_back(json::string(label));
    json::object filters;
    filters["label"] = std::move(wanted);
    path += "&filters=" + url_encode(json::serialize(filters));
  }
  DT_CO_TRY_ASSIGN(const json::value listed, co_await docker.get(path));
  std::vector<ContainerRow> rows;
  if (listed.is_array())
    for (const json::value& item : listed.as_array())
      if (item.is_object()) rows.push_back(row_of(item.as_object()));
  co_return rows;
}

Task<Result<CreatedContainer>> create_container(Docker& docker, std::string name,
                                                json::object body) {
  const std::string path = "/containers/create?name=" + url_encode(name);
  json::value content = std::move(body);
  DT_CO_TRY_ASSIGN(const json::value reply, co_await docker.post(path, content));
  CreatedContainer created;
  if (reply.is_object()) {
    created.id = text_of(reply.as_object(), "Id");
    if (const json::value* list = reply.as_object().if_contains("Warnings");
        list && list->is_array())
      for (const json::value& warning : list->as_array())
        if (warning.is_string()) created.warnings.emplace_back(warning.as_string());
  }
  co_return created;
}

Task<Result<void>> start_container(Docker& docker, std::string name) {
  const std::string path = "/containers/" + url_encode(name) + "/start";
  json::value none = nullptr;
  DT_CO_TRY(co_await docker.post(path, none));
  co_return Result<void>();
}

Task<Result<void>> stop_container(Docker& docker, std::string name, Duration grace) {
  const auto seconds = (grace.count() + 999) / 1000;
  const std::string path = "/containers/" + url_encode(name) + "/stop?t=" + std::to_string(seconds);
  json::value none = nullptr;
  DT_CO_TRY(co_await docker.post(path, none, grace + std::chrono::seconds(60)));
  co_return Result<void>();
}

Task<Result<void>> remove_container(Docker& docker, std::string name) {
  const std::string path = "/containers/" + url_encode(name) + "?force=1&v=1";
  const auto removed = co_await docker.remove(path);
  if (!removed && removed.error().status != Status::not_found) co_return removed.error();
  co_return Result<void>();
}

}  // namespace dtenv
