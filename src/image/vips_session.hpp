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

/// Starts libvips on the first call; any number of threads may call it.
/// Throws unsupported if libvips cannot start.
///
/// libvips keeps its settings per process, so a program that uses it too will see them: loaders
/// that are not made for hostile files are off, no results are cached, an image is decoded by the
/// one thread that asked, and libvips' own warnings are discarded instead of printed.
void start_vips();

}  // namespace blip::image
