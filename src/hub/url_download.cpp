// download: what is at a URL, within limits.
#include <chrono>
#include <string>

#include "blip/error.hpp"
#include "blip/hub.hpp"
#include "hub/http_session.hpp"
#include "hub/url.hpp"

namespace blip {
namespace hub {
namespace {

class UrlDownload {
 public:
  UrlDownload(std::string_view name, const DownloadLimits& limits)
      : name_(name), limits_(limits), request_{.url = Url::parse(name)} {
    if (limits.total_time.count() <= 0 || limits.connect_time.count() <= 0) {
      throw Error(ErrorCode::invalid_argument, name_ + ": the time allowed for it is not above 0");
    }
  }

  std::vector<std::byte> run() {
    for (int redirects = 0; redirects <= limits_.max_redirects; ++redirects) {
      const HttpResponse response = ask();
      if (too_large_) {
        throw Error(
            ErrorCode::limit_exceeded,
            name_ + ": larger than the " + std::to_string(limits_.max_bytes) + " bytes allowed");
      }
      if (!response.failure.empty())
        throw Error(ErrorCode::network, name_ + ": " + response.failure);
      if (response.status == 200) return std::move(bytes_);
      if (!response.is_redirect()) refuse(response.status);
      follow(*response.header("location"));
    }
    throw Error(ErrorCode::network,
                name_ + ": more than " + std::to_string(limits_.max_redirects) + " redirects");
  }

 private:
  HttpResponse ask() {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) throw Error(ErrorCode::network, name_ + ": takes too long");
    request_.connect_time = std::min(limits_.connect_time, left);
    request_.total_time = left;
    return session_.perform(request_, [this](const HttpResponse& response,
                                             std::span<const std::byte> piece) {
      if (response.status != 200) return false;
      too_large_ = piece.size() > limits_.max_bytes - bytes_.size() || promises_too_much(response);
      if (!too_large_) bytes_.insert(bytes_.end(), piece.begin(), piece.end());
      return !too_large_;
    });
  }

  [[nodiscard]] bool promises_too_much(const HttpResponse& response) const {
    const auto length = response.header("content-length");
    const auto size = length ? parse_size(*length) : std::nullopt;
    return size && *size > limits_.max_bytes;
  }

  void follow(std::string_view location) {
    try {
      request_.url = request_.url.follow(location);
    } catch (const Error& error) {
      // The first address is the one the caller knows.
      const std::string problem = error.what();
      throw Error(error.code(),
                  problem.starts_with(name_ + ": ") ? problem : name_ + ": " + problem);
    }
  }

  [[noreturn]] void refuse(int status) const {
    const bool gone = status == 404 || status == 410;
    throw Error(gone ? ErrorCode::not_found : ErrorCode::network,
                name_ + ": the server answers " + std::to_string(status) +
                    (gone ? " (there is no such page)" : ""));
  }

  std::string name_;
  DownloadLimits limits_;
  HttpRequest request_;
  std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + limits_.total_time;
  HttpSession session_;
  std::vector<std::byte> bytes_;
  bool too_large_ = false;
};

}  // namespace
}  // namespace hub

std::vector<std::byte> download(std::string_view url, const DownloadLimits& limits) {
  return hub::UrlDownload(url, limits).run();
}

}  // namespace blip
