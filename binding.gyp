{
  "variables": { "sanitize%": "", "faults%": "" },
  "target_defaults": {
    "include_dirs": ["."],
    "cflags": ["-Wall", "-Wextra", "-Wno-missing-field-initializers", "-fvisibility=hidden", "-g", "-fno-omit-frame-pointer"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti"],
    "cflags_cc": ["-std=c++20", "-O2"],
    "conditions": [
      ["sanitize!=''", {
        "cflags": ["-fsanitize=<(sanitize)", "-fno-sanitize-recover=all"],
        "ldflags": ["-fsanitize=<(sanitize)"]
      }],
      ["faults!=''", { "defines": ["BROKER_FAULTS"] }]
    ]
  },
  "targets": [
    {
      "target_name": "core",
      "type": "static_library",
      "cflags_cc!": ["-fno-exceptions"],
      "conditions": [
        ["OS=='linux'", {
          "sources": ["<!@(node -p \"require('fs').readdirSync('native',{recursive:true}).filter(f=>f.endsWith('.cc')&&!f.startsWith('addon')).map(f=>'native/'+f).join(' ')\")"]
        }, { "type": "none" }]
      ]
    },
    {
      "target_name": "broker",
      "dependencies": ["core"],
      "conditions": [
        ["OS=='linux'", {
          "sources": ["<!@(node -p \"require('fs').readdirSync('native/addon').filter(f=>f.endsWith('.cc')).map(f=>'native/addon/'+f).join(' ')\")"],
          "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
          "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
          "cflags_cc!": ["-fno-exceptions"],
          "ldflags": ["-Wl,-z,nodelete", "-Wl,-Bsymbolic"]
        }, { "type": "none" }]
      ]
    }
  ]
}
