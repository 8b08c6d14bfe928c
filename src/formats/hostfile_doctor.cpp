#include "formats/hostfile_doctor.hpp"

#include <algorithm>

#include "formats/host_name.hpp"

namespace dtenv {

namespace {

using Kind = HostfileVerdict::Kind;

HostfileVerdict judge(std::string_view text, HostfileDialect dialect) {
  HostfileVerdict verdict;
  verdict.dialect = dialect;
  auto file = parse_hostfile(text, dialect);
  if (!file) {
    verdict.kind = Kind::refused;
    verdict.findings = std::move(file.error().detail);
    return verdict;
  }
  verdict.kind = file->warnings.empty() ? Kind::ok : Kind::misread;
  verdict.hosts = std::move(file->hosts);
  verdict.findings = std::move(file->warnings);
  // The list is read, and srun then knows no such node.
  const bool unknowable =
      std::any_of(verdict.hosts.begin(), verdict.hosts.end(),
                  [](const HostEntry& host) { return host_name_problem(host.name).has_value(); });
  if (dialect == HostfileDialect::slurm && unknowable) {
    verdict.kind = Kind::refused;
    verdict.hosts.clear();
  }
  return verdict;
}

const HostfileVerdict* find_meaning(const std::vector<HostfileVerdict>& verdicts) {
  for (const Kind wanted : {Kind::ok, Kind::misread}) {
    const auto found = std::find_if(
        verdicts.begin(), verdicts.end(),
        [&](const HostfileVerdict& v) { return v.kind == wanted && !v.hosts.empty(); });
    if (found != verdicts.end()) return &*found;
  }
  return nullptr;
}

}  // namespace

HostfileDiagnosis diagnose_hostfile(std::string_view text) {
  HostfileDiagnosis diagnosis;
  for (const HostfileDialect dialect : hostfile_dialects())
    diagnosis.verdicts.push_back(judge(text, dialect));
  const HostfileVerdict* meaning = find_meaning(diagnosis.verdicts);
  diagnosis.meaning = meaning;
  for (HostfileVerdict& verdict : diagnosis.verdicts) {
    if (!meaning || verdict.kind == Kind::ok) continue;
    auto rendered = render_hostfile(meaning->hosts, verdict.dialect);
    if (!rendered) continue;
    verdict.rewritten = std::move(rendered->text);
    verdict.lost = std::move(rendered->lost);
  }
  return diagnosis;
}

}  // namespace dtenv
