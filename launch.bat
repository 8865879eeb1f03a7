@echo off
rem Finds a Python that will do and hands everything to launch.py, which does the rest.
setlocal
chcp 65001 >nul
set "check=import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))"
for %%p in ("py -3.13" "py -3.12" "py -3.11" "py -3.14" "python" "python3") do (
    %%~p -c "%check%" >nul 2>nul && (
        set "python=%%~p"
        goto found
    )
)
echo Error: Sottovoce needs Python 3.11 to 3.14, and none was found.
echo Install one from the Microsoft Store or python.org, then start this again.
set "code=1"
goto end

:found
%python% "%~dp0launch.py" %*
set "code=%errorlevel%"

:end
rem A double click opens this window: leave it open while there is something to read.
if not "%code%"=="0" if "%~1"=="" pause
exit /b %code%
