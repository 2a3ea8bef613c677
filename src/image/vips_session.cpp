#include "image/vips_session.hpp"

#include <mutex>

#include "blip/error.hpp"
#include "core/memory_headroom.hpp"
#include "image/decoding_headroom.hpp"

namespace blip::image {
namespace {

// Sessions of this thread.
thread_local int own_sessions = 0;

// GLib would print to stderr, which belongs to the program, not to this library.
void discard_own(const gchar* domain, GLogLevelFlags level, const gchar* message, gpointer data) {
  if (own_sessions == 0) g_log_default_handler(domain, level, message, data);
}

// GLib has one handler for a domain at a time, so it is there while there is any session.
class WarningHandler {
 public:
  void acquire() {
    const std::lock_guard lock(mutex_);
    if (sessions_++ > 0) return;
    constexpr auto kAllLevels =
        static_cast<GLogLevelFlags>(G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION);
    id_ = g_log_set_handler("VIPS", kAllLevels, discard_own, nullptr);
  }
  void release() {
    const std::lock_guard lock(mutex_);
    if (--sessions_ == 0) g_log_remove_handler("VIPS", id_);
  }

 private:
  std::mutex mutex_;
  int sessions_ = 0;
  guint id_ = 0;
};

WarningHandler& warning_handler() {
  static WarningHandler handler;
  return handler;
}

bool vips_is_started() {
  return g_type_from_name("VipsOperation") != 0;
}

bool start_vips() {
  const bool is_started = vips_is_started();
  if (vips_init("blip") != 0) return false;
  if (is_started) return true;
  // Each file is read once; a cached operation would only pin its memory.
  vips_cache_set_max(0);
  // Callers run images in parallel; threads inside one image would fight them for the cores.
  vips_concurrency_set(1);
  return true;
}

}  // namespace

VipsSession::VipsSession() {
  require_headroom(decoding_headroom());
  warning_handler().acquire();
  ++own_sessions;
  static const bool kStarted = start_vips();
  if (kStarted) return;
  --own_sessions;
  warning_handler().release();
  throw Error(ErrorCode::unsupported, "libvips could not be started");
}

VipsSession::~VipsSession() {
  --own_sessions;
  warning_handler().release();
}

std::size_t decoding_headroom() noexcept {
  // Not all of the modules' libraries survive a lack of memory.
  constexpr std::size_t kModules = std::size_t{256} << 20;
  return vips_is_started() ? kHeadroom : kModules;
}

}  // namespace blip::image
