#include "steps/docker_origin.hpp"

namespace dtenv {

namespace {

using Facts = DockerConfig::Facts;

constexpr std::string_view docker_site = "https://download.docker.com";
constexpr std::string_view docker_deb_key = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";
constexpr std::string_view docker_rpm_key = "060A61C51B558A7F742B77AAC52FEB6B621E9F35";
constexpr std::string_view toolkit_site = "https://nvidia.github.io/libnvidia-container";
constexpr std::string_view toolkit_key = "C95B321B61E88C1809C4F759DDCAE044F796ECB0";

std::string without_slashes(std::string_view url) {
  while (ends_with(url, "/")) url.remove_suffix(1);
  return std::string(url);
}

std::string or_else(const std::string& given, std::string_view otherwise) {
  return given.empty() ? std::string(otherwise) : given;
}

/// "https://mirrors.aliyun.com/docker-ce" stands for all of docker.com, as its own address does;
/// anything else is the repository itself.
std::string docker_base(const DockerConfig::Repository& repository, const Facts& facts, bool rpm) {
  const std::string url = without_slashes(or_else(repository.url, docker_site));
  if (url != docker_site && !ends_with(url, "/docker-ce")) return url;
  return url + "/linux/" + (rpm ? facts.os.rpm_family() : facts.os.family());
}

/// NVIDIA's key lies beside "stable" and "experimental".
std::string toolkit_key_url(const std::string& url) {
  for (const std::string_view branch : {"/stable/", "/experimental/"})
    if (const auto at = url.find(branch); at != std::string::npos)
      return url.substr(0, at) + "/gpgkey";
  return url + "/gpgkey";
}

void take_key(const DockerConfig::Repository& repository, std::string key_url,
              std::string_view fingerprint, PackageOrigin& origin) {
  origin.key = repository.key;
  if (origin.key.empty()) origin.key_url = or_else(repository.key_url, key_url);
  origin.fingerprint = or_else(repository.fingerprint, fingerprint);
}

/// apt's file for it; a suite that ends with "/" is a folder and has no components.
void take_apt_source(const std::string& url, const std::string& suite, std::string component,
                     const Facts& facts, PackageOrigin& origin) {
  AptSource& source = origin.source;
  source.uris = {url};
  source.suites = {suite};
  if (suite.back() != '/') source.components = {std::move(component)};
  if (!facts.architecture.empty()) source.architectures = {facts.architecture};
  source.signed_by = origin.key_path;
  origin.file_text = render_apt_deb822(source);
}

struct YumRepository {
  std::string name;
  std::string title;
  std::string url;
  bool signs_packages = true;  ///< else the index alone
};

std::string render_yum(const YumRepository& repository, const std::string& key_path) {
  return "[" + repository.name + "]\nname=" + repository.title + "\nbaseurl=" + repository.url +
         "\nenabled=1\ngpgcheck=" + (repository.signs_packages ? "1" : "0") +
         "\nrepo_gpgcheck=" + (repository.signs_packages ? "0" : "1") + "\ngpgkey=file://" +
         key_path + "\n";
}

}  // namespace

Result<PackageOrigin> docker_origin(const DockerConfig::Config& config, const Facts& facts) {
  const auto& repository = config.repository;
  PackageOrigin origin;
  origin.name = "docker-ce";
  origin.rpm = facts.os.is_rpm_family();
  const std::string base = docker_base(repository, facts, origin.rpm);
  take_key(repository, base + "/gpg", origin.rpm ? docker_rpm_key : docker_deb_key, origin);
  if (origin.rpm) {
    origin.key_path = "/etc/pki/rpm-gpg/RPM-GPG-KEY-docker-ce";
    origin.file_path = "/etc/yum.repos.d/docker-ce.repo";
    YumRepository yum;
    yum.name = "docker-ce-stable";
    yum.title = "Docker CE Stable";
    yum.url = base;
    if (repository.url.empty() || base != without_slashes(repository.url))
      yum.url +=
          "/" + facts.os.major_version() + "/$basearch/" + or_else(repository.component, "stable");
    origin.file_text = render_yum(yum, origin.key_path);
    return origin;
  }
  // Binary, so that every apt reads it, whatever form the key came in.
  origin.key_path = "/etc/apt/keyrings/docker.gpg";
  origin.file_path = "/etc/apt/sources.list.d/docker.sources";
  const std::string suite = or_else(repository.suite, facts.os.suite());
  if (suite.empty())
    return Error(Status::config,
                 "docker-ce: this system has no suite's name: give \"repository\" a \"suite\"");
  take_apt_source(base, suite, or_else(repository.component, "stable"), facts, origin);
  return origin;
}

PackageOrigin toolkit_origin(const DockerConfig::Config& config, const Facts& facts) {
  const auto& repository = config.toolkit.repository;
  PackageOrigin origin;
  origin.name = "nvidia-container-toolkit";
  origin.rpm = facts.os.is_rpm_family();
  const std::string own = std::string(toolkit_site) + "/stable/" +
                          (origin.rpm ? "rpm/$basearch" : "deb/" + facts.architecture);
  const std::string url = without_slashes(or_else(repository.url, own));
  take_key(repository, toolkit_key_url(url), toolkit_key, origin);
  if (origin.rpm) {
    origin.key_path = "/etc/pki/rpm-gpg/RPM-GPG-KEY-nvidia-container-toolkit";
    origin.file_path = "/etc/yum.repos.d/nvidia-container-toolkit.repo";
    YumRepository yum;
    yum.name = "nvidia-container-toolkit";
    yum.title = "NVIDIA Container Toolkit";
    yum.url = url;
    yum.signs_packages = false;
    origin.file_text = render_yum(yum, origin.key_path);
    return origin;
  }
  origin.key_path = "/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg";
  origin.file_path = "/etc/apt/sources.list.d/nvidia-container-toolkit.sources";
  take_apt_source(url, or_else(repository.suite, "/"), or_else(repository.component, "main"), facts,
                  origin);
  return origin;
}

std::vector<std::string> packages_in_the_way(const Facts& facts) {
  static const std::vector<std::string> deb = {
      "docker.io",  "docker-doc", "docker-compose", "docker-compose-v2", "podman-docker",
      "containerd", "runc"};
  static const std::vector<std::string> rpm = {"docker",        "docker-client", "docker-common",
                                               "docker-engine", "podman-docker", "runc"};
  std::vector<std::string> found;
  for (const std::string& package : facts.os.is_rpm_family() ? rpm : deb)
    if (facts.packages.count(package) > 0) found.push_back(package);
  return found;
}

}  // namespace dtenv
