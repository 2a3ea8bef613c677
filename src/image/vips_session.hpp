// libvips, started once for the process, and its objects as owning pointers.
#pragma once

#include <vips/vips.h>

#include <memory>

namespace blip::image {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
using VipsImagePtr = std::unique_ptr<VipsImage, Unref>;
using VipsRegionPtr = std::unique_ptr<VipsRegion, Unref>;
using VipsOperationPtr = std::unique_ptr<VipsOperation, Unref>;

/// Makes libvips ready for what this thread does with it while the object lives. Any number of
/// threads may have one.
///
/// libvips keeps its settings per process. If the program has started libvips before, nothing of
/// them is changed, and whatever libvips keeps of our images counts against the program's own cache
/// limits. Otherwise libvips is started here, with an operation cache of size 0 and one thread; the
/// program may set both as it likes afterwards. Neither way are they set again.
///
/// While one of these objects lives, libvips' warnings on its thread are discarded; those of other
/// threads go to GLib's default handler.
class VipsSession {
 public:
  /// Throws unsupported if libvips cannot be started.
  VipsSession();
  ~VipsSession();
  VipsSession(const VipsSession&) = delete;
  VipsSession& operator=(const VipsSession&) = delete;
};

}  // namespace blip::image
