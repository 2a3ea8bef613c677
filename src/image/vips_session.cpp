#include "image/vips_session.hpp"

#include <mutex>

#include "blip/error.hpp"

namespace blip::image {
namespace {

void discard(const gchar* /*domain*/, GLogLevelFlags /*level*/, const gchar* /*message*/,
             gpointer /*data*/) {}

bool initialise() {
  // GLib would print to stderr, which belongs to the program, not to this library.
  g_log_set_handler(
      "VIPS",
      static_cast<GLogLevelFlags>(G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION),
      discard, nullptr);
  if (vips_init("blip") != 0) return false;
  vips_block_untrusted_set(TRUE);
  // Each file is read once; a cached operation would only pin its bytes.
  vips_cache_set_max(0);
  // Callers run images in parallel; threads inside one image would fight them for the cores.
  vips_concurrency_set(1);
  return true;
}

}  // namespace

void start_vips() {
  static std::once_flag once;
  static bool started = false;
  std::call_once(once, [] { started = initialise(); });
  if (!started) throw Error(ErrorCode::unsupported, "libvips could not be started");
}

}  // namespace blip::image
