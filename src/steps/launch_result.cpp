#include "steps/launch_result.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>

#include "formats/error_catalogue.hpp"
#include "formats/mpi_output.hpp"
#include "steps/launch_plan.hpp"

namespace dtenv {

namespace {

void set_end(LaunchResult& result, const std::string& whose, int code) {
  // A shell adds 128 to a signal's number; beyond 64 there is none: 255 is the program's own.
  if (code > 128 && code <= 128 + 64) {
    result.type = whose + "_SIGNAL";
    result.signal = code - 128;
  } else {
    result.type = whose + "_EXIT";
    result.code = code;
  }
}

/// "PROGRAM_EXIT(3) on V100-2 rank 5".
std::string typed(const LaunchResult& result) {
  std::string text = result.type + "(" +
                     std::to_string(result.signal > 0 ? result.signal : result.code) +
                     (result.oom ? ", oom" : "") + ")";
  if (!result.host.empty()) text += " on " + result.host;
  if (result.rank) text += " rank " + std::to_string(*result.rank);
  return text;
}

}  // namespace

std::vector<RankEnd> parse_rank_ends(std::string_view text, const std::string& host) {
  std::vector<RankEnd> ends;
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.size() != 4) continue;
    const auto rank = parse_integer(words[0], 0, 1 << 30);
    const auto code = parse_integer(words[1], 0, 255);
    if (!rank || !code) continue;
    RankEnd end;
    end.host = host;
    end.rank = static_cast<int>(*rank);
    end.code = static_cast<int>(*code);
    end.when_s = std::strtod(std::string(words[2]).c_str(), nullptr);
    end.oom = words[3] == "oom";
    ends.push_back(std::move(end));
  }
  return ends;
}

LaunchResult launch_result(const LaunchOrder& order, const std::vector<int>& codes,
                           std::vector<RankEnd> ranks, const std::string& said) {
  LaunchResult result;
  std::sort(ranks.begin(), ranks.end(),
            [](const RankEnd& one, const RankEnd& other) { return one.when_s < other.when_s; });
  const auto failed = std::find_if(codes.begin(), codes.end(), [](int code) { return code != 0; });
  const auto first =
      std::find_if(ranks.begin(), ranks.end(), [](const RankEnd& end) { return end.code != 0; });
  if (failed != codes.end()) {
    const auto node = static_cast<std::size_t>(failed - codes.begin());
    set_end(result, order.kept ? "LAUNCHER" : "PROGRAM", *failed);
    result.host = order.nodes[node].name;
  }
  if (failed != codes.end() && first != ranks.end()) {
    result.code = 0;
    result.signal = 0;
    set_end(result, "PROGRAM", first->code);
    result.host = first->host;
    result.rank = first->rank;
    result.oom = first->oom;
  } else if (const auto told = parse_first_failure(said);
             failed != codes.end() && told && told->rank) {
    const auto rank = static_cast<std::size_t>(*told->rank);
    if (!told->host.empty())
      result.host = told->host;
    else if (rank < order.rank_hosts.size())
      result.host = order.rank_hosts[rank];
    result.rank = told->rank;
  }
  result.ranks = std::move(ranks);
  return result;
}

std::string_view unknown_end(Status status) {
  if (status == Status::timeout) return "DEADLINE";
  if (status == Status::cancelled) return "CANCELLED";
  return status == Status::command ? "RUN_LOST" : "TRANSPORT_LOST";
}

std::string result_text(const LaunchResult& result) {
  json::object object;
  object["type"] = result.type;
  if (ends_with(result.type, "_EXIT")) object["code"] = result.code;
  if (ends_with(result.type, "_SIGNAL")) object["signal"] = result.signal;
  if (result.oom) object["oom"] = true;
  if (!result.host.empty()) object["host"] = result.host;
  if (result.rank) object["rank"] = *result.rank;
  json::array ranks;
  for (const RankEnd& end : result.ranks) {
    json::object item;
    item["rank"] = end.rank;
    item["host"] = end.host;
    item["exit_code"] = end.code;
    ranks.push_back(std::move(item));
  }
  object["ranks"] = std::move(ranks);
  return json::serialize(object);
}

Error result_error(const Launch::Config& config, const LaunchResult& result,
                   const std::string& said) {
  std::string message = show_launch(config) + ": ";
  message += result.signal > 0 ? "ended by signal " + std::to_string(result.signal)
                               : "exit " + std::to_string(result.code);
  if (result.oom) message += " (out of memory)";
  if (result.rank)
    message += ", first on " + (result.host.empty() ? "" : result.host + " ") + "rank " +
               std::to_string(*result.rank);
  const auto lines = split_lines(said);
  if (!lines.empty()) message += ": " + visible(lines.back(), 300);
  std::vector<Problem> detail;
  detail.push_back({"result", 0, 0, typed(result), ""});
  for (const KnownError* known : explain(said))
    detail.push_back(
        {std::string(known->id), 0, 0, std::string(known->cause), std::string(known->repair)});
  return {Status::command, std::move(message), std::move(detail)};
}

}  // namespace dtenv
