// FakeHub: a server that answers as the Hugging Face hub does for a model, org/tiny.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "tests/hub/http_server.hpp"

namespace blip::testing {

inline const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";

/// The hash that the hub gives as ETag: git's for small files, SHA-256 for weights.
std::string git_hash(const std::string& content);
std::string sha256(const std::string& content);

/// A little text that passes for config.json of a BLIP model.
inline const std::string kConfig = R"({"model_type": "blip"})";

class FakeHub {
 public:
  FakeHub();

  /// The files of the model; weights (*.safetensors, *.bin) are kept on the storage server, where
  /// the hub redirects to. Change them before the first request.
  std::map<std::string, std::string> files = {{"config.json", kConfig},
                                              {"vocab.txt", "[PAD]\n[UNK]\n"}};
  /// Of other repositories, by their names; all of the same commit.
  std::map<std::string, std::map<std::string, std::string>> others = {};
  std::string commit = kCommit;
  std::string branch = "main";

  /// Looks at every answer before it is sent; may spoil it.
  std::function<void(const ServerRequest&, ServerReply&)> spoil_hub;
  std::function<void(const ServerRequest&, ServerReply&)> spoil_storage;

  [[nodiscard]] std::string url() const { return hub_.url(); }
  [[nodiscard]] std::vector<ServerRequest> hub_requests() const { return hub_.requests(); }
  [[nodiscard]] std::vector<ServerRequest> storage_requests() const { return storage_.requests(); }

 private:
  ServerReply answer_hub(const ServerRequest& request) const;
  ServerReply answer_storage(const ServerRequest& request) const;

  HttpServer storage_;
  HttpServer hub_;
};

/// What a server answers that knows ranges.
ServerReply with_range(const ServerRequest& request, const std::string& content);

}  // namespace blip::testing
