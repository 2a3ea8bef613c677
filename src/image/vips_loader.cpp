#include "image/vips_loader.hpp"

#include "blip/error.hpp"

namespace blip::image {
namespace {

// Named, so that no other loader, however registered, ever sees the bytes.
const char* loader_of(Format format) {
  switch (format) {
    case Format::jpeg:
      return "jpegload_buffer";
    case Format::png:
      return "pngload_buffer";
    case Format::webp:
      return "webpload_buffer";
    case Format::gif:
      return "gifload_buffer";
    case Format::tiff:
      return "tiffload_buffer";
    case Format::heif:
      return "heifload_buffer";
    default:
      return nullptr;
  }
}

// Null if there is none, or none that libvips considers fit for files from strangers.
VipsOperationPtr loader(Format format) {
  if (vips_type_find("VipsOperation", loader_of(format)) == 0) return nullptr;
  VipsOperationPtr operation(vips_operation_new(loader_of(format)));
  if (operation && (vips_operation_get_flags(operation.get()) & VIPS_OPERATION_UNTRUSTED) != 0) {
    return nullptr;
  }
  return operation;
}

}  // namespace

void fail_damaged(Format format, const std::string& name) {
  vips_error_clear();
  throw Error(ErrorCode::malformed, name + ": truncated or damaged " + name_of(format) + " file");
}

VipsImagePtr open_header(Format format, std::span<const std::byte> bytes, int shrink,
                         const std::string& name) {
  if (loader_of(format) == nullptr) {
    throw Error(ErrorCode::unsupported, name + ": not an image, or a format that is not supported");
  }
  const VipsOperationPtr operation = loader(format);
  if (!operation) {
    vips_error_clear();
    throw Error(ErrorCode::unsupported,
                name + ": this libvips cannot read " + name_of(format) + " files");
  }
  // Built here and not by vips_jpegload_buffer and its like, which put the operation into the
  // process' cache. Damage that the format's own library repairs is forgiven, missing data is not:
  // the line that Pillow draws.
  VipsBlob* blob = vips_blob_new(nullptr, bytes.data(), bytes.size());
  g_object_set(operation.get(), "buffer", blob, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
               VIPS_FAIL_ON_TRUNCATED, nullptr);
  vips_area_unref(VIPS_AREA(blob));
  if (shrink > 1) g_object_set(operation.get(), "shrink", shrink, nullptr);
  VipsImage* header = nullptr;
  const bool built = vips_object_build(VIPS_OBJECT(operation.get())) == 0;
  if (built) g_object_get(operation.get(), "out", &header, nullptr);
  VipsImagePtr picture(header);
  vips_object_unref_outputs(VIPS_OBJECT(operation.get()));
  if (!picture) fail_damaged(format, name);
  return picture;
}

}  // namespace blip::image
