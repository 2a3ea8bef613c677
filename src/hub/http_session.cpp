#include "hub/http_session.hpp"

#include <curl/curl.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <utility>

#include "blip/error.hpp"
#include "blip/version.hpp"

namespace blip::hub {
namespace {

// Writing to a connection that the server has closed raises SIGPIPE inside OpenSSL, and libcurl,
// told to leave signals alone, lets it. While this exists the thread does not see it.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~WithoutSigpipe() {
    if (!was_pending_) {
      const timespec at_once = {};
      while (sigtimedwait(&sigpipe_, nullptr, &at_once) > 0) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t sigpipe_ = {};
  sigset_t before_ = {};
  bool was_pending_ = false;
};

// Of a file of a gigabyte, larger pieces than libcurl usually hands on.
constexpr long kBufferBytes = 256L << 10;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append(HeaderList& list, const std::string& line) {
  if (std::any_of(line.begin(), line.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    const std::string name = line.substr(0, line.find(':'));  // the value may be a secret
    throw Error(ErrorCode::invalid_argument,
                "the " + one_line(name) + " header would hold a control character");
  }
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

// One request under way, as libcurl's callbacks see it. Nothing may be thrown through libcurl.
struct Transfer {
  const HttpRequest* request;
  const BodySink* sink;
  HttpResponse response = {};
  bool body_begun = false;
  bool stopped = false;  // by the sink or by keep_going
  bool too_many_headers = false;
  std::exception_ptr thrown = nullptr;

  template <typename Action>
  bool guarded(Action&& action) noexcept {
    try {
      return action();
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  }
};

std::size_t on_header(char* text, std::size_t, std::size_t length, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.body_begun) return length;  // trailers
  const bool good = transfer.guarded([&] { return transfer.response.add_line({text, length}); });
  transfer.too_many_headers = !good && transfer.thrown == nullptr;
  return good ? length : 0;
}

std::size_t on_body(char* bytes, std::size_t, std::size_t length, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.body_begun = true;
  const bool more = transfer.guarded([&] {
    return *transfer.sink &&
           (*transfer.sink)(transfer.response, std::as_bytes(std::span(bytes, length)));
  });
  transfer.stopped = !more;
  return more ? length : 0;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.stopped) return 1;
  if (!transfer.request->keep_going) return 0;
  transfer.stopped = !transfer.guarded([&] { return transfer.request->keep_going(); });
  return transfer.stopped ? 1 : 0;
}

bool is_temporary(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

bool is_temporary(int status) {
  constexpr std::array kStatuses = {408, 429, 500, 502, 503, 504};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

}  // namespace

struct HttpSession::Handle {
  CURL* easy = nullptr;
  std::array<char, CURL_ERROR_SIZE> message = {};
};

HttpSession::HttpSession() : handle_(std::make_unique<Handle>()) {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted == CURLE_OK) handle_->easy = curl_easy_init();
  if (handle_->easy == nullptr) throw Error(ErrorCode::network, "libcurl cannot start");
}

HttpSession::~HttpSession() {
  const WithoutSigpipe guard;
  curl_easy_cleanup(handle_->easy);
}

HttpResponse HttpSession::perform(const HttpRequest& request, const BodySink& sink) {
  Transfer transfer{.request = &request, .sink = &sink};
  HeaderList headers;
  // The bytes themselves: a compressed body could neither be resumed nor counted.
  append(headers, "Accept-Encoding: identity");
  if (!request.token.empty()) append(headers, "Authorization: Bearer " + request.token);
  for (const std::string& line : request.headers) append(headers, line);

  CURL* easy = handle_->easy;
  curl_easy_reset(easy);
  handle_->message.front() = '\0';
  const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, request.url.text().c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_NOBODY, request.head ? 1L : 0L);
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_USERAGENT, ("blip.cpp/" + std::string(version())).c_str());
  set(CURLOPT_ERRORBUFFER, handle_->message.data());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_time.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_time.count()));
  if (request.stall_time.count() > 0) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(request.stall_time);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds.count()));
  }
  if (const char* file = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, file);
  if (const char* directory = std::getenv("SSL_CERT_DIR")) set(CURLOPT_CAPATH, directory);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_BUFFERSIZE, kBufferBytes);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, &transfer);

  CURLcode code = CURLE_OK;
  {
    const WithoutSigpipe guard;
    code = curl_easy_perform(easy);
  }
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  HttpResponse response = std::move(transfer.response);
  if (code == CURLE_OK || transfer.stopped) {
    response.temporary = is_temporary(response.status);
  } else {
    const char* said = handle_->message.data();
    response.failure = transfer.too_many_headers
                           ? "sends too many headers"
                           : one_line(*said != '\0' ? said : curl_easy_strerror(code));
    response.temporary = is_temporary(code);
  }
  return response;
}

}  // namespace blip::hub
