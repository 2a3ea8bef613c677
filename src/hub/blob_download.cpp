#include "hub/blob_download.hpp"

#include <system_error>

#include "blip/error.hpp"
#include "core/durable_file.hpp"
#include "hub/checksum.hpp"
#include "hub/retries.hpp"

namespace blip::hub {
namespace {

// A connection that brought this much before it broke counts as a fresh start; one that breaks off
// after every few bytes does not, or a hostile server could keep us for ever.
constexpr std::uint64_t kWorthwhileBytes = std::uint64_t{1} << 20;

class BlobTransfer {
 public:
  BlobTransfer(HttpSession& session, const HubSettings& settings, const BlobRequest& request,
               const std::filesystem::path& partial)
      : session_(session),
        settings_(settings),
        request_(request),
        metadata_(request.metadata),
        file_(partial, DurableFile::Mode::append_without_links) {}

  // Until the file has the length that was promised.
  void fill() {
    require_modest(metadata_.size.value_or(0));
    if (metadata_.size && file_.size() > *metadata_.size) file_.clear();
    Retries retries(settings_.retry_delay, [this] { return keep_going(); });
    while (!is_full()) {
      const std::uint64_t before = file_.size();
      HttpResponse response = ask();
      check_cancelled();
      if (response.failure.empty() && is_done(response)) break;
      if (file_.size() > before && file_.size() - before >= kWorthwhileBytes) retries.reset();
      if (response.status == 416) file_.clear();  // its part was of something longer
      const bool expired = !settings_.trusts(metadata_.location) &&
                           (response.status == 401 || response.status == 403);
      const bool hopeful = response.temporary || expired || response.status == 416 ||
                           (response.failure.empty() && is_success(response));
      if (!hopeful || !retries.again(response.retry_after())) fail(response);
      check_cancelled();
      if (expired) metadata_.location = request_.renew().location;
    }
    file_.sync();
  }

  void clear() { file_.clear(); }
  [[nodiscard]] std::uint64_t size() const { return file_.size(); }

 private:
  static bool is_success(const HttpResponse& response) {
    return response.status == 200 || response.status == 206;
  }
  [[nodiscard]] bool is_full() const { return metadata_.size && file_.size() == *metadata_.size; }
  // An answer that is whole in itself may still be less than was promised.
  [[nodiscard]] bool is_done(const HttpResponse& response) const {
    return is_success(response) && (!metadata_.size || is_full());
  }
  [[nodiscard]] bool keep_going() const { return request_.progress(file_.size()); }
  void check_cancelled() const {
    if (!keep_going()) throw Error(ErrorCode::cancelled, request_.name + ": download stopped");
  }

  void require_modest(std::uint64_t size) const {
    if (size <= request_.max_bytes) return;
    throw Error(ErrorCode::limit_exceeded, request_.name + ": larger than the " +
                                               std::to_string(request_.max_bytes) +
                                               " bytes allowed");
  }

  // One request for what is missing, with its redirects.
  HttpResponse ask() {
    HttpRequest request{.url = metadata_.location,
                        .token = settings_.trusts(metadata_.location) ? settings_.token : "",
                        .connect_time = settings_.stall_timeout,
                        .stall_time = settings_.stall_timeout,
                        .keep_going = [this] { return keep_going(); }};
    if (file_.size() > 0) {
      request.headers.push_back("Range: bytes=" + std::to_string(file_.size()) + "-");
    }
    const std::uint64_t wanted = file_.size();
    bool begun = false;
    const BodySink sink = [&](const HttpResponse& response, std::span<const std::byte> bytes) {
      if (!is_success(response)) return false;
      if (!begun && response.status == 200) file_.clear();  // all of it, asked for or not
      if (!begun && response.status == 206 && response.range_begin() != wanted) {
        throw Error(ErrorCode::malformed,
                    request_.name + ": " + request.url.host() + " sends another part than asked");
      }
      begun = true;
      require_modest(file_.size() + bytes.size());
      if (metadata_.size && file_.size() + bytes.size() > *metadata_.size) {
        file_.clear();
        throw Error(ErrorCode::malformed, request_.name + ": " + request.url.host() +
                                              " sends more than the " +
                                              std::to_string(*metadata_.size) + " bytes promised");
      }
      file_.write(bytes);
      return keep_going();
    };
    for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
      HttpResponse response = session_.perform(request, sink);
      if (!response.failure.empty() || !response.is_redirect()) {
        host_ = request.url.host();
        return response;
      }
      try {
        request.url = request.url.follow(*response.header("location"));
      } catch (const Error& error) {
        throw Error(error.code(), request_.name + ": " + error.what());
      }
      if (!settings_.trusts(request.url)) request.token.clear();  // and it stays so
    }
    throw Error(ErrorCode::network,
                request_.name + ": more than " + std::to_string(kMaxRedirects) + " redirects");
  }

  [[noreturn]] void fail(const HttpResponse& response) const {
    std::string problem = host_ + ": ";
    if (!response.failure.empty()) {
      problem += response.failure;
    } else if (!is_success(response)) {
      problem += "answers " + std::to_string(response.status);
    } else {
      problem += "sends less than promised";
    }
    const std::string all = metadata_.size ? " of " + std::to_string(*metadata_.size) : "";
    throw Error(ErrorCode::network, request_.name + ": " + problem + " (" +
                                        std::to_string(file_.size()) + all + " bytes are there)");
  }

  HttpSession& session_;
  const HubSettings& settings_;
  const BlobRequest& request_;
  FileMetadata metadata_;
  DurableFile file_;
  std::string host_;  // that answered last
};

}  // namespace

void download_blob(HttpSession& session, const HubSettings& settings, const BlobRequest& request,
                   const std::filesystem::path& partial) {
  BlobTransfer transfer(session, settings, request, partial);
  bool resumed = transfer.size() > 0;
  while (true) {
    transfer.fill();
    const std::string problem = checksum_problem(partial, request.metadata.etag);
    if (problem.empty()) return;
    transfer.clear();
    // Bytes of an earlier run may be to blame: once more, from the beginning.
    if (!resumed) throw Error(ErrorCode::malformed, request.name + ": " + problem);
    resumed = false;
  }
}

}  // namespace blip::hub
