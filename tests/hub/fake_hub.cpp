#include "tests/hub/fake_hub.hpp"

#include <openssl/evp.h>

#include <array>

namespace blip::testing {
namespace {

std::string hash_of(const std::string& bytes, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest[i] / 16];
    text += "0123456789abcdef"[digest[i] % 16];
  }
  return text;
}

bool is_weights(const std::string& file) {
  return file.ends_with(".safetensors") || file.ends_with(".bin");
}

}  // namespace

std::string git_hash(const std::string& content) {
  const std::string header = "blob " + std::to_string(content.size());
  return hash_of(header + '\0' + content, EVP_sha1());
}

std::string sha256(const std::string& content) {
  return hash_of(content, EVP_sha256());
}

ServerReply with_range(const ServerRequest& request, const std::string& content) {
  const std::string range = request.header("range");
  if (range.empty()) return {.headers = {{"Accept-Ranges", "bytes"}}, .body = content};
  const std::size_t from = std::stoul(range.substr(range.find('=') + 1));
  if (from >= content.size()) return {.status = 416};
  return {.status = 206,
          .headers = {{"Content-Range", "bytes " + std::to_string(from) + "-" +
                                            std::to_string(content.size() - 1) + "/" +
                                            std::to_string(content.size())}},
          .body = content.substr(from)};
}

FakeHub::FakeHub()
    : storage_([this](const ServerRequest& request) {
        ServerReply reply = answer_storage(request);
        if (spoil_storage) spoil_storage(request, reply);
        return reply;
      }),
      hub_([this](const ServerRequest& request) {
        ServerReply reply = answer_hub(request);
        if (spoil_hub) spoil_hub(request, reply);
        return reply;
      }) {}

ServerReply FakeHub::answer_hub(const ServerRequest& request) const {
  const std::string infix = "/resolve/";
  const std::size_t at = request.path.find(infix);
  const std::string repository = at == std::string::npos ? "" : request.path.substr(1, at - 1);
  const auto other = others.find(repository);
  if (repository != "org/tiny" && other == others.end()) {
    return {.status = 401, .headers = {{"X-Error-Code", "RepoNotFound"}}};
  }
  const auto& served = other == others.end() ? files : other->second;
  const std::string rest = request.path.substr(at + infix.size());
  const std::string revision = rest.substr(0, rest.find('/'));
  const std::string file = rest.substr(rest.find('/') + 1);
  if (revision != branch && revision != commit) {
    return {.status = 404, .headers = {{"X-Error-Code", "RevisionNotFound"}}};
  }
  const auto found = served.find(file);
  if (found == served.end()) {
    return {.status = 404,
            .headers = {{"X-Error-Code", "EntryNotFound"}, {"X-Repo-Commit", commit}}};
  }
  const std::string& content = found->second;
  if (is_weights(file)) {
    // The storage is another host by its name; the hub's own ETag is that of a pointer.
    return {.status = 302,
            .headers = {{"X-Repo-Commit", commit},
                        {"ETag", "\"" + git_hash("pointer") + "\""},
                        {"X-Linked-Etag", "\"" + sha256(content) + "\""},
                        {"X-Linked-Size", std::to_string(content.size())},
                        {"Location", storage_.url("/" + file + "?signed=1", "localhost")}}};
  }
  ServerReply reply = with_range(request, content);
  reply.headers.emplace_back("X-Repo-Commit", commit);
  reply.headers.emplace_back("ETag", "W/\"" + git_hash(content) + "\"");
  return reply;
}

ServerReply FakeHub::answer_storage(const ServerRequest& request) const {
  const auto found = files.find(request.path.substr(1, request.path.find('?') - 1));
  if (found == files.end()) return {.status = 404};
  return with_range(request, found->second);
}

}  // namespace blip::testing
