#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/digest.hpp"
#include "formats/dockerfile_recipe.hpp"

namespace dtenv {
namespace {

using Lines = std::vector<std::string>;

/// A value of ENV or LABEL in double quotes, nothing in it expanded.
std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string run(const Lines& commands) {
  return "RUN " + join(commands, " \\\n && ") + "\n";
}

std::string exec_form(const Argv& argv) {
  boost::json::array words;
  for (const auto& word : argv) words.emplace_back(boost::json::string(word));
  return boost::json::serialize(words);
}

std::string pairs(std::string_view keyword,
                  const std::vector<std::pair<std::string, std::string>>& values) {
  std::string out;
  for (const auto& [name, value] : values)
    out += std::string(keyword) + " " + name + "=" + quoted(value) + "\n";
  return out;
}

/// printf with one line an argument: no heredoc, which the legacy builder does not know.
std::string write_file(const Lines& lines, const std::string& path) {
  std::string out = "printf '%s\\n'";
  for (const auto& line : lines) out += " " + quote_posix(line);
  return out + " > " + path;
}

bool uses_pip(const Recipe& recipe) {
  return !recipe.pip_packages.empty() || recipe.torch || recipe.deepspeed ||
         !recipe.apex_commit.empty() || (!recipe.mpi4py.empty() && recipe.mpi4py != "distro");
}

std::string pip_install(const std::string& index_url) {
  return "pip install --no-cache-dir" + (index_url.empty() ? "" : " --index-url " + index_url);
}

/// Every package of every part, each once, in the order of the parts.
Lines apt_packages(const Recipe& recipe) {
  Lines out;
  const auto add = [&out](std::initializer_list<std::string_view> names) {
    for (const auto name : names)
      if (std::find(out.begin(), out.end(), name) == out.end()) out.emplace_back(name);
  };
  for (const auto& name : recipe.apt_packages) add({name});
  if (recipe.git || !recipe.apex_commit.empty()) add({"git", "ca-certificates"});
  for (const auto& name : recipe.rdma_packages) add({name});
  if (recipe.mpi_from_distro) add({"openmpi-bin"});
  if (recipe.mpi_source || recipe.miniforge) add({"ca-certificates", "curl"});
  if (recipe.mpi_source) add({"build-essential", "bzip2", "libucx-dev"});
  if (recipe.python_from_distro) add({"python3"});
  if (!recipe.miniforge && uses_pip(recipe)) add({"python3-venv", "python3-dev"});
  if (uses_pip(recipe)) add({"build-essential", "ca-certificates"});
  const bool builds_mpi4py = !recipe.mpi4py.empty() && recipe.mpi4py != "distro";
  if (builds_mpi4py && recipe.mpi_from_distro) add({"libopenmpi-dev"});
  if (recipe.mpi4py == "distro") add({"python3-mpi4py"});
  if (recipe.torch_from_distro) add({"python3-torch", "python3-numpy"});
  if (recipe.deepspeed) add({"libaio-dev"});
  if (recipe.ssh) add({"openssh-server", "openssh-client"});
  return out;
}

std::string apt_sources_part(const Recipe& recipe) {
  Lines commands;
  if (!recipe.apt_mirror.empty()) {
    commands = {". /etc/os-release",
                "case \"$ID\" in ubuntu) components='main universe' ;; *) components=main ;; esac",
                "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*"};
    const auto& security =
        recipe.apt_security_mirror.empty() ? recipe.apt_mirror : recipe.apt_security_mirror;
    commands.push_back("printf 'Types: deb\\nURIs: %s\\nSuites: %s\\nComponents: %s\\n\\n' " +
                       recipe.apt_mirror +
                       " \"$VERSION_CODENAME $VERSION_CODENAME-updates\" \"$components\" " +
                       "> /etc/apt/sources.list.d/dtenv.sources");
    // Debian keeps its security suite in an archive of its own: only where one was named.
    if (!recipe.apt_security_mirror.empty())
      commands.push_back("printf 'Types: deb\\nURIs: %s\\nSuites: %s\\nComponents: %s\\n' " +
                         security + " \"$VERSION_CODENAME-security\" \"$components\" " +
                         ">> /etc/apt/sources.list.d/dtenv.sources");
  }
  for (const auto& source : recipe.apt_sources) {
    Lines key;
    for (const auto line : split_lines(source.key)) key.emplace_back(line);
    const std::string keyring = "/etc/apt/keyrings/" + source.name + ".asc";
    Lines stanza = {"Types: deb", "URIs: " + source.uri, "Suites: " + join(source.suites, " ")};
    if (!source.components.empty()) stanza.push_back("Components: " + join(source.components, " "));
    stanza.push_back("Signed-By: " + keyring);
    commands.push_back("mkdir -p /etc/apt/keyrings");
    commands.push_back(write_file(key, keyring));
    commands.push_back(write_file(stanza, "/etc/apt/sources.list.d/" + source.name + ".sources"));
  }
  return commands.empty() ? "" : run(commands);
}

std::string apt_part(const Recipe& recipe) {
  const auto packages = apt_packages(recipe);
  if (packages.empty() && recipe.nccl.empty()) return {};
  std::string install = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends";
  if (!recipe.nccl.empty()) install += " --allow-change-held-packages";
  for (const auto& package : packages) install += " \\\n      " + package;
  if (!recipe.nccl.empty())
    install += " \\\n      libnccl2=" + recipe.nccl + " \\\n      libnccl-dev=" + recipe.nccl;
  Lines commands = {"apt-get update", install};
  // The package makes host keys when it is installed: they must not reach the layer.
  commands.emplace_back("rm -f /etc/ssh/ssh_host_*");
  commands.emplace_back("rm -rf /var/lib/apt/lists/*");
  return run(commands);
}

Lines fetch(const PinnedDownload& download, const std::string& path) {
  return {"curl -fsSL -o " + path + " " + quote_posix(download.url),
          "echo '" + download.sha256 + "  " + path + "' | sha256sum -c -"};
}

std::string mpi_part(const Recipe& recipe) {
  std::string env = "ENV OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1\n";
  if (!recipe.mpi_source) return recipe.mpi_from_distro ? env : "";
  const bool cuda = contains(recipe.image, "cuda") || contains(recipe.image, "pytorch");
  auto commands = fetch(*recipe.mpi_source, "/tmp/openmpi.tar");
  commands.insert(
      commands.end(),
      {"mkdir /tmp/openmpi",
       "tar --no-same-owner --strip-components=1 -xf /tmp/openmpi.tar -C /tmp/openmpi",
       "cd /tmp/openmpi",
       std::string("./configure --prefix=/usr/local/mpi --enable-orterun-prefix-by-default") +
           (cuda && !recipe.debootstrap ? " --with-cuda=/usr/local/cuda" : "") + " --with-ucx=/usr",
       "make -j\"$(nproc)\" install", "test -x /usr/local/mpi/bin/mpirun", "cd /",
       "rm -rf /tmp/openmpi /tmp/openmpi.tar"});
  return run(commands) + env +
         "ENV PATH=/usr/local/mpi/bin:${PATH} \\\n"
         "    LD_LIBRARY_PATH=/usr/local/mpi/lib${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}\n";
}

std::string python_part(const Recipe& recipe) {
  if (recipe.miniforge) {
    auto commands = fetch(*recipe.miniforge, "/tmp/miniforge.sh");
    commands.insert(commands.end(),
                    {"bash /tmp/miniforge.sh -b -p /opt/conda", "rm -f /tmp/miniforge.sh",
                     "/opt/conda/bin/conda install -y -c conda-forge --override-channels python=" +
                         recipe.conda_python,
                     "/opt/conda/bin/conda clean -ya"});
    return run(commands) + "ENV PATH=/opt/conda/bin:${PATH}\n";
  }
  if (!uses_pip(recipe)) return {};
  // Debian's own Python is externally managed; the packages of apt stay visible.
  return run({"python3 -m venv --system-site-packages /opt/venv"}) +
         "ENV PATH=/opt/venv/bin:${PATH}\n";
}

std::string pip_part(const Recipe& recipe) {
  std::string out;
  if (!recipe.pip_packages.empty()) {
    std::string install = pip_install(recipe.pip_index_url);
    for (const auto& package : recipe.pip_packages)
      install += " \\\n      " + (contains(package, "[") ? quote_posix(package) : package);
    out += run({install});
  }
  if (recipe.mpi4py.empty() || recipe.mpi4py == "distro") return out;
  const std::string mpicc = recipe.mpi_source ? "/usr/local/mpi/bin/mpicc" : "/usr/bin/mpicc";
  return out + run({"MPICC=" + mpicc + " " + pip_install(recipe.pip_index_url) +
                    " --no-binary mpi4py mpi4py==" + recipe.mpi4py});
}

std::string torch_part(const Recipe& recipe) {
  std::string out;
  if (!recipe.cuda_archs.empty())
    out += "ENV TORCH_CUDA_ARCH_LIST=" + quoted(recipe.cuda_archs) + "\n";
  if (recipe.torch) {
    const auto& index =
        recipe.torch->index_url.empty() ? recipe.pip_index_url : recipe.torch->index_url;
    std::string install = pip_install(index) + " torch==" + recipe.torch->version;
    if (!recipe.torch->vision.empty()) install += " torchvision==" + recipe.torch->vision;
    out += run({install});
  }
  if (!recipe.apex_commit.empty())
    out += run({"git clone https://github.com/NVIDIA/apex /tmp/apex", "cd /tmp/apex",
                "git checkout " + recipe.apex_commit,
                "APEX_CPP_EXT=1 APEX_CUDA_EXT=1 pip install -v --no-cache-dir "
                "--no-build-isolation .",
                "cd /", "rm -rf /tmp/apex"});
  if (recipe.deepspeed) {
    std::string install;
    if (recipe.deepspeed->build_ops)
      install =
          "DS_BUILD_OPS=1 DS_BUILD_SPARSE_ATTN=0 DS_BUILD_EVOFORMER_ATTN=0 DS_BUILD_CUTLASS_OPS=0 "
          "DS_BUILD_RAGGED_DEVICE_OPS=0 DS_BUILD_FP_QUANTIZER=0 DS_BUILD_GDS=0 ";
    out += run({install + pip_install(recipe.pip_index_url) +
                " --no-build-isolation deepspeed==" + recipe.deepspeed->version});
  }
  return out;
}

/// sshd's sessions do not get the image's ENV: what PATH the parts made is told to sshd too.
std::string ssh_part(const Recipe& recipe) {
  if (!recipe.ssh) return {};
  Lines lines = {"PermitRootLogin prohibit-password",
                 "PasswordAuthentication no",
                 "KbdInteractiveAuthentication no",
                 "ClientAliveInterval 30",
                 "ClientAliveCountMax 4",
                 "MaxStartups 500:30:1000",
                 "MaxSessions 100",
                 "UseDNS no"};
  std::string path;
  if (recipe.miniforge)
    path += "/opt/conda/bin:";
  else if (uses_pip(recipe))
    path += "/opt/venv/bin:";
  if (recipe.mpi_source) path += "/usr/local/mpi/bin:";
  std::string set = "SetEnv OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1";
  if (!path.empty())
    set += " PATH=" + path + "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  if (recipe.mpi_source) set += " LD_LIBRARY_PATH=/usr/local/mpi/lib";
  lines.push_back(set);
  return run({"mkdir -p /run/sshd /etc/ssh/sshd_config.d",
              write_file(lines, "/etc/ssh/sshd_config.d/10-dtenv.conf")});
}

}  // namespace

std::string debootstrap_spec(const DebootstrapBase& base) {
  std::string text = "debootstrap 1\n" + base.suite + "\n" + base.mirror + "\n";
  for (const auto& package : base.packages) text += package + "\n";
  return sha256(text);
}

std::string debootstrap_tag(const DebootstrapBase& base) {
  return "dtenv/base:" + base.suite + "-" + debootstrap_spec(base).substr(0, 12);
}

std::string render_dockerfile(const Recipe& recipe) {
  std::string out = "# Rendered by dtenv from a recipe: change the recipe instead.\n";
  out +=
      "FROM " + (recipe.debootstrap ? debootstrap_tag(*recipe.debootstrap) : recipe.image) + "\n";
  out += pairs("LABEL", recipe.labels);
  out += pairs("ENV", recipe.env);
  out += apt_sources_part(recipe) + apt_part(recipe) + mpi_part(recipe) + python_part(recipe);
  out += pip_part(recipe) + torch_part(recipe) + ssh_part(recipe);
  for (const auto& argv : recipe.commands) out += "RUN " + exec_form(argv) + "\n";
  return out + "CMD " + exec_form(recipe.command) + "\n";
}

}  // namespace dtenv
